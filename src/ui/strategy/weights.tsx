import { useState } from 'react'
import { isDownloadable } from '../../state/download-weights.ts'
import controls from '../controls/controls.module.css'
import { FileField } from '../controls/file-field.tsx'
import { formatBytes } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useFaultText } from '../text/fault-text.ts'
import { useText } from '../text/use-text.ts'
import { isAbout, useProblems } from '../use-problems.ts'

/** Initial weights: a safetensors file, or an address given by the user (nothing else leaves the origin). */
export function Weights() {
  const page = usePage()
  const text = useText()
  const faultText = useFaultText()
  const { weights, download, failure } = useSlice(page.files, (state) => state)
  const [url, setUrl] = useState('')
  const why = [...(failure ? [failure] : []), ...useProblems()].find((each) => isAbout(each, 'weights'))
  return (
    <>
      <FileField
        id="weights"
        label={text.weights}
        name={weights?.name ?? null}
        none={text.drawn}
        accept=".safetensors"
        onTake={(file) => page.files.chooseWeights(file)}
        onReset={() => page.files.clearWeights()}
      />
      <div className={controls.field}>
        <input
          aria-label={text.weightsUrl}
          placeholder={text.weightsUrl}
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        {download === null ? (
          <button type="button" disabled={!isDownloadable(url)} onClick={() => void page.files.download(url)}>
            {text.download}
          </button>
        ) : (
          <button type="button" onClick={() => page.files.cancelDownload()}>
            {text.cancel}
          </button>
        )}
        <span />
        {download !== null && (
          <p role="status">
            {formatBytes(download.bytes)}
            {download.total !== null && ` / ${formatBytes(download.total)}`}
          </p>
        )}
        {why && (
          <p className={controls.problem} role="alert">
            {faultText(why)}
          </p>
        )}
      </div>
    </>
  )
}
