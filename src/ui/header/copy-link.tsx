import { useState } from 'react'
import { useLinks, useSlice } from '../page-context.ts'
import { useFaultLine } from '../text/fault-text.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import styles from './header.module.css'

const TOLD_MILLISECONDS = 2500

/** Copies the current address; where the browser forbids that, shows it for copying by hand. */
export function CopyLink() {
  const links = useLinks()
  const text = useText()
  const [copied, setCopied] = useState(false)
  const [shown, setShown] = useState<string | null>(null)
  const copy = async () => {
    const address = await links.copy()
    try {
      await navigator.clipboard.writeText(address)
      setShown(null)
      setCopied(true)
      setTimeout(() => setCopied(false), TOLD_MILLISECONDS)
    } catch {
      setShown(address)
    }
  }
  return (
    <>
      <button type="button" className={button.button} onClick={() => void copy()}>
        {copied ? text.copied : text.copyLink}
      </button>
      <span className="visually-hidden" role="status">
        {copied && text.copied}
      </span>
      {shown !== null && (
        <input
          className={styles.address}
          readOnly
          aria-label={text.copyByHand}
          title={text.copyByHand}
          value={shown}
          onFocus={(event) => event.target.select()}
        />
      )}
    </>
  )
}

/** What is wrong with the link that was opened. */
export function LinkProblem() {
  const links = useLinks()
  const text = useText()
  const problem = useSlice(links, (state) => state.problem)
  const faultLine = useFaultLine()
  if (problem === null) return null
  return (
    <div className={styles.problem} role="alert">
      <span>
        {text.badLink} <code>{faultLine(problem)}</code>
      </span>
      <button type="button" className={button.button} onClick={() => links.dismiss()}>
        {text.dismiss}
      </button>
    </div>
  )
}
