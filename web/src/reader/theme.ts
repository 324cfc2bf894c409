/** Light or dark: as the system says, until the reader says otherwise. */

import { useEffect, useState } from 'react'

type Theme = 'light' | 'dark'

const KEPT = 'broadsheet:theme'
const SYSTEM = matchMedia('(prefers-color-scheme: dark)')

const system = (): Theme => (SYSTEM.matches ? 'dark' : 'light')

function kept(): Theme | undefined {
  const value = localStorage.getItem(KEPT)
  return value === 'light' || value === 'dark' ? value : undefined
}

/** Put the reader's choice on the page; called before the first paint. */
export function applyTheme(): void {
  const chosen = kept()
  if (chosen) document.documentElement.dataset.theme = chosen
  else delete document.documentElement.dataset.theme
}

/** Return what is shown, and how to turn it. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState<Theme>(() => kept() ?? system())
  useEffect(() => {
    const follow = () => setTheme(kept() ?? system())
    SYSTEM.addEventListener('change', follow)
    return () => SYSTEM.removeEventListener('change', follow)
  }, [])
  function turn() {
    const next = theme === 'dark' ? 'light' : 'dark'
    if (next === system()) localStorage.removeItem(KEPT)
    else localStorage.setItem(KEPT, next)
    applyTheme()
    setTheme(next)
  }
  return [theme, turn]
}
