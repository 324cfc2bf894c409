/** GraphiQL with Broadsheet's examples, its explorer, and ways to take an operation along. */

import '@fontsource-variable/libre-franklin'
import '@fontsource-variable/newsreader/opsz.css'
import 'graphiql/setup-workers/vite'
import 'graphiql/style.css'
import '@graphiql/plugin-explorer/style.css'
import './playground.css'
import { explorerPlugin } from '@graphiql/plugin-explorer'
import { HISTORY_PLUGIN } from '@graphiql/plugin-history'
import { GraphiQL } from 'graphiql'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { EXAMPLES } from './examples'
import { fetcher } from './fetcher'
import { linked } from './sharing'
import { CopyMenu, currentRoad, RoadMenu } from './toolbar'

const plugins = [HISTORY_PLUGIN, explorerPlugin({ showAttribution: false })]
const given = linked(location.hash)
const ask = fetcher(currentRoad)

function Playground() {
  return (
    <GraphiQL
      fetcher={ask}
      plugins={plugins}
      defaultTabs={EXAMPLES}
      initialQuery={given?.query}
      initialVariables={given?.variables}
      defaultEditorToolsVisibility="variables"
    >
      <GraphiQL.Logo>
        <a className="brand" href="/">
          Broadsheet
        </a>
      </GraphiQL.Logo>
      <GraphiQL.Toolbar>
        {({ prettify, merge }) => (
          <>
            {prettify}
            {merge}
            <CopyMenu />
            <RoadMenu />
          </>
        )}
      </GraphiQL.Toolbar>
    </GraphiQL>
  )
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Playground />
  </StrictMode>,
)
