/** graphql-eslint's rules for schemas and for Relay, over schema.graphql; each option says why it is set. */

import plugin from '@graphql-eslint/eslint-plugin'

const SCHEMA = '../../schema.graphql'

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig: { schema: SCHEMA } } },
    plugins: { '@graphql-eslint': plugin },
    rules: {
      ...plugin.configs['flat/schema-recommended'].rules,
      ...plugin.configs['flat/schema-relay'].rules,
      // Only what `node` can fetch again has an id; these are parts of something that has one, or of a page.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          exceptions: {
            types: ['ArticleChange', 'Byline', 'Facets', 'FileProblem', 'Highlight', 'Image', 'InvalidArticle', 'NotAllowed', 'NotFound', 'TextRange', 'TopicPair'],
            suffixes: ['Connection', 'Count', 'Edge', 'Page', 'PageInfo', 'Saved'],
          },
        },
      ],
      // `nodes` stands beside `edges` for people, and short lists such as images are no connections.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
    },
  },
]
