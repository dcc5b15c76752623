import { READ, WRITE } from './code.ts'

/** By place of a rank's memory: when its last write ended, when the last read since then ended, and by which ops. */
export class PlaceTimes {
  writeEnd = new Float64Array(64)
  writer = new Int32Array(64)
  readEnd = new Float64Array(64)
  reader = new Int32Array(64)
  /** 1 where an op with unknown end touches it. */
  pending = new Uint8Array(64)

  /** Makes room for that many places. */
  reserve(places: number): void {
    if (places <= this.writeEnd.length) return
    const size = Math.max(places, this.writeEnd.length * 2)
    const grown = <Each extends Float64Array | Int32Array | Uint8Array>(to: Each, from: Each) => {
      to.set(from)
      return to
    }
    this.writeEnd = grown(new Float64Array(size), this.writeEnd)
    this.readEnd = grown(new Float64Array(size), this.readEnd)
    this.writer = grown(new Int32Array(size), this.writer)
    this.reader = grown(new Int32Array(size), this.reader)
    this.pending = grown(new Uint8Array(size), this.pending)
  }

  recordWrite(place: number, end: number, index: number): void {
    this.writeEnd[place] = end
    this.writer[place] = index
    this.readEnd[place] = 0
  }

  recordAccess(place: number, mode: number, end: number, index: number): void {
    if ((mode & WRITE) !== 0) this.recordWrite(place, end, index)
    else if ((mode & READ) !== 0 && end > this.readEnd[place]!) {
      this.readEnd[place] = end
      this.reader[place] = index
    }
  }
}
