/** The reader: a page for each address. */

import '@fontsource-variable/libre-franklin'
import '@fontsource-variable/newsreader/opsz.css'
import '@fontsource-variable/newsreader/opsz-italic.css'
import './style/page.css'
import './style/stories.css'
import './style/reading.css'
import './style/walk.css'
import { type ReactNode, StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { Provider as Api } from 'urql'
import { Route, Switch, useLocation } from 'wouter'
import { PLAYGROUND } from './addresses'
import { Article } from './article'
import { client } from './client'
import { Front } from './front'
import { Providers, Topics } from './indexes'
import { Keyboard } from './keyboard'
import { LiveArrivals } from './live'
import { Masthead } from './masthead'
import { Notice } from './notice'
import { Search } from './search'
import { ProviderSection, TopicSection } from './sections'
import { applyTheme } from './theme'
import { useTitle } from './title'

function Reader() {
  useFreshStart()
  return (
    <>
      <Masthead />
      <main id="content" tabIndex={-1}>
        <Switch>
          <Route path="/">
            <Titled title={null}>
              <Front />
            </Titled>
          </Route>
          <Route path="/article/*">{({ '*': path }) => <Article path={decodeURIComponent(path)} />}</Route>
          <Route path="/topic/*">{({ '*': slug }) => <TopicSection slug={decodeURIComponent(slug)} />}</Route>
          <Route path="/provider/:domain">{({ domain }) => <ProviderSection domain={decodeURIComponent(domain)} />}</Route>
          <Route path="/topics" component={Topics} />
          <Route path="/providers" component={Providers} />
          <Route path="/search" component={Search} />
          <Route>
            <Notice>There is nothing at this address.</Notice>
          </Route>
        </Switch>
      </main>
      <footer className="colophon">
        <p>
          Set in Newsreader and Libre Franklin. Everything here comes from one GraphQL API
          {PLAYGROUND && (
            <>
              : <a href={PLAYGROUND}>ask it yourself</a>
            </>
          )}
          . Press <kbd>?</kbd> for keys.
        </p>
      </footer>
      <Keyboard />
    </>
  )
}

function Titled({ title, children }: { title: string | null; children: ReactNode }) {
  useTitle(title)
  return children
}

/** A page that was walked to starts at its top, with the focus there; one that was gone back to stays as it was. */
function useFreshStart(): void {
  const [place] = useLocation()
  useEffect(() => {
    if (history.state?.visited) return
    const first = document.activeElement === document.body
    history.replaceState({ ...history.state, visited: true }, '')
    scrollTo(0, 0)
    if (!first) document.getElementById('content')?.focus({ preventScroll: true })
  }, [place])
}

applyTheme()
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Api value={client}>
      <LiveArrivals>
        <Reader />
      </LiveArrivals>
    </Api>
  </StrictMode>,
)
