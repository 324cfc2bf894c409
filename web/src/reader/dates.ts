/** Instants in, words out. */

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
const SHORT = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric', timeZone: 'UTC' })
const TODAY = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
const AGO = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const HOUR = 3_600_000

export const longDate = (instant: string) => DAY.format(new Date(instant))
export const monthName = (instant: string) => MONTH.format(new Date(instant))
export const today = () => TODAY.format(new Date())

/** Return “3 hours ago” or “yesterday” for what is fresh, else the day, with the year if it is another one. */
export function shortDate(instant: string, now = Date.now()): string {
  const then = new Date(instant)
  const hours = (then.getTime() - now) / HOUR
  if (Math.abs(hours) < 1) return AGO.format(Math.round(hours * 60), 'minute')
  if (Math.abs(hours) < 24) return AGO.format(Math.round(hours), 'hour')
  if (Math.abs(hours) < 24 * 6) return AGO.format(Math.round(hours / 24), 'day')
  return then.getUTCFullYear() === new Date(now).getUTCFullYear() ? SHORT.format(then) : DAY.format(then)
}
