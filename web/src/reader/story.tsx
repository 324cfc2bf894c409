/** An article on a page that lists several: as its lead, as a card, as a row. */

import { Link } from 'wouter'
import type { StoryFragment } from '../gql/graphql'
import { articleAddress, providerAddress, topicAddress } from './addresses'
import { credit } from './credit'
import { longDate, shortDate } from './dates'
import { type Highlight, Marked } from './marked'
import { Picture } from './picture'

export type Story = StoryFragment

interface Props {
  story: Story
  shape?: 'lead' | 'card' | 'row'
  fresh?: boolean
  highlights?: readonly Highlight[]
}

export function StoryItem({ story, shape = 'row', fresh = false, highlights = [] }: Props) {
  const title = highlights.find(({ field, snippet }) => field === 'TITLE' && snippet === story.title)
  const text = highlights.find(({ field }) => field === 'EXCERPT') ?? highlights.find(({ field }) => field === 'BODY')
  const excerpt = text ? <Marked {...text} ellipsis /> : story.excerpt
  return (
    <article className={`story ${shape}${fresh ? ' fresh' : ''}`}>
      <div className="frame">
        <Picture image={story.image} name={story.title} eager={shape === 'lead'} />
      </div>
      <div className="words">
        <Kicker story={story} fresh={fresh} />
        <h2 className="headline" dir="auto">
          <Link href={articleAddress(story.path)} className="whole" data-story>
            {title ? <Marked {...title} /> : story.title}
          </Link>
        </h2>
        {excerpt && (
          <p className="excerpt" dir="auto">
            {excerpt}
          </p>
        )}
        <Byline story={story} />
      </div>
    </article>
  )
}

export function Kicker({ story, fresh = false }: { story: Pick<Story, 'topics' | 'type'>; fresh?: boolean }) {
  const topic = story.topics[0]
  return (
    <p className="kicker">
      {fresh && <span className="tag new">Just in</span>}
      {story.type !== 'article' && <span className="tag">{story.type}</span>}
      {topic && <Link href={topicAddress(topic.slug)}>{topic.name}</Link>}
    </p>
  )
}

export function Byline({ story, long = false }: { story: Pick<Story, 'byline' | 'provider' | 'publishedDateTime'>; long?: boolean }) {
  const { publishedDateTime: instant } = story
  return (
    <p className="byline">
      <Link href={providerAddress(story.provider.domain)}>{credit(story)}</Link>
      {instant && <time dateTime={instant}>{long ? longDate(instant) : shortDate(instant)}</time>}
    </p>
  )
}
