/** Print where a Chromium is; install one where there is none. */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Return the path of a Chromium, or undefined. */
export function chromiumPath() {
  return [process.env.CHROMIUM, ...PLACES].find((path) => path && existsSync(path))
}

/** Install Chromium as the system's package where we may, else ask for it. */
function install() {
  const isDebian = existsSync('/usr/bin/apt-get')
  if (!isDebian || process.getuid?.() !== 0) {
    throw new Error('No Chromium was found: install one, or name it in the variable CHROMIUM.')
  }
  execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' })
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], { stdio: 'inherit' })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (!chromiumPath()) install()
  const path = chromiumPath() ?? ''
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  console.log(`${path}: ${stdout.trim()}`)
}
