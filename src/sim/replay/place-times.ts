import { READ, WRITE } from './code.ts'

/** By place of a rank's memory: when it was last written, when that was last read, and by which ops. */
export class PlaceTimes {
  writeEnd = new Float64Array(64)
  writer = new Int32Array(64)
  readEnd = new Float64Array(64)
  reader = new Int32Array(64)
  /** 1: an op whose end is not known yet touches it. */
  pending = new Uint8Array(64)

  /** Makes room for that many places. */
  reserve(places: number): void {
    if (places <= this.writeEnd.length) return
    const size = Math.max(places, this.writeEnd.length * 2)
    const enlarged = <Each extends Float64Array | Int32Array | Uint8Array>(to: Each, from: Each) => {
      to.set(from)
      return to
    }
    this.writeEnd = enlarged(new Float64Array(size), this.writeEnd)
    this.readEnd = enlarged(new Float64Array(size), this.readEnd)
    this.writer = enlarged(new Int32Array(size), this.writer)
    this.reader = enlarged(new Int32Array(size), this.reader)
    this.pending = enlarged(new Uint8Array(size), this.pending)
  }

  written(place: number, end: number, index: number): void {
    this.writeEnd[place] = end
    this.writer[place] = index
    this.readEnd[place] = 0
  }

  accessed(place: number, mode: number, end: number, index: number): void {
    if ((mode & WRITE) !== 0) this.written(place, end, index)
    else if ((mode & READ) !== 0 && end > this.readEnd[place]!) {
      this.readEnd[place] = end
      this.reader[place] = index
    }
  }
}
