import { Component, createElement, lazy, Suspense, useState } from 'react'
import type { ComponentType, ReactNode } from 'react'
import { faultOf } from '../../core/errors.ts'
import { useFaultLine } from '../text/fault-text.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import notices from '../notices/notices.module.css'

interface BoundaryProps {
  readonly onRetry?: () => void
  readonly children: ReactNode
}

/** Shows in place that something could not be loaded, or threw, until retried. */
export class ErrorBoundary extends Component<BoundaryProps, { readonly error: unknown; readonly broken: boolean }> {
  override state = { error: undefined as unknown, broken: false }

  static getDerivedStateFromError(error: unknown) {
    return { error, broken: true }
  }

  override render() {
    const { onRetry, children } = this.props
    const { error, broken } = this.state
    if (!broken) return children
    const retry = () => {
      onRetry?.()
      this.setState({ error: undefined, broken: false })
    }
    return <LoadError error={error} retry={retry} />
  }
}

/**
 * A part of the page loaded on first display. If it cannot be loaded (offline, after a deploy) or throws, it says so in
 * place and offers a retry; the rest of the page keeps working.
 */
export function lazyPart<Props extends object = object>(load: () => Promise<{ default: ComponentType<Props> }>) {
  // Kept between visits; a failed load stays failed, so a retry creates a new one.
  let current = lazy(load)
  return function Part(props: Props & { readonly waiting?: ReactNode }) {
    const [Shown, setShown] = useState(() => current)
    const reload = () => {
      current = lazy(load)
      setShown(() => current)
    }
    return (
      <ErrorBoundary onRetry={reload}>
        <Suspense fallback={props.waiting ?? null}>{createElement(Shown, props)}</Suspense>
      </ErrorBoundary>
    )
  }
}

function LoadError({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  const text = useText()
  const faultLine = useFaultLine()
  return (
    <section className={notices.failure} role="alert">
      <strong>{text.failures.unknown.title}</strong>
      <p className={notices.message}>{faultLine(faultOf(error))}</p>
      <p>{text.failures.unknown.advice}</p>
      <div className={notices.actions}>
        <RetryButtons retry={retry} />
      </div>
    </section>
  )
}

/** The buttons to retry or reload. */
export function RetryButtons({ retry }: { readonly retry: () => void }) {
  const text = useText()
  return (
    <>
      <button type="button" className={button.button} onClick={retry}>
        {text.retry}
      </button>
      <button type="button" className={button.button} onClick={() => location.reload()}>
        {text.reload}
      </button>
    </>
  )
}
