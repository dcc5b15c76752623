/**
 * A ring of bytes in shared memory, one writer and one reader. Positions count bytes modulo 2^32; the capacity is a power
 * of two, so that they wrap in step. Frames start at multiples of 16: a header never wraps, and copies stay aligned.
 *
 *   0: bytes written · 4: bytes read · 64 …: frames of [channel, traffic, message bytes, frame bytes] and their bytes
 */
const CONTROL = 64
const HEADER = 16

export interface FrameHeader {
  channel: number
  traffic: number
  /** Bytes of the whole message; it continues in further frames when this one holds less. */
  messageBytes: number
  frameBytes: number
}

export function ringBytes(capacity: number): number {
  return CONTROL + capacity
}

export class RingBuffer {
  private readonly control: Int32Array
  private readonly words: Uint32Array
  private readonly bytes: Uint8Array
  private readonly capacity: number
  private readonly head: FrameHeader = { channel: 0, traffic: 0, messageBytes: 0, frameBytes: 0 }

  constructor(memory: SharedArrayBuffer) {
    this.capacity = memory.byteLength - CONTROL
    this.control = new Int32Array(memory, 0, CONTROL / 4)
    this.words = new Uint32Array(memory, CONTROL)
    this.bytes = new Uint8Array(memory, CONTROL)
  }

  /**
   * Writes as much of data[from …] as one frame can take now; returns the bytes written, or −1 when there is no room.
   */
  write(channel: number, traffic: number, messageBytes: number, data: Uint8Array, from: number): number {
    const written = Atomics.load(this.control, 0)
    const used = (written - Atomics.load(this.control, 1)) >>> 0
    const room = this.capacity - used - HEADER
    const left = data.length - from
    // Tiny frames cost more than they carry: wait until the rest fits or a quarter of the ring is free.
    if (room < 0 || (room < left && room < this.capacity >>> 2)) return -1
    const taken = Math.min(left, room & ~(HEADER - 1))
    const at = (written >>> 0) & (this.capacity - 1)
    const word = at >>> 2
    this.words[word] = channel
    this.words[word + 1] = traffic
    this.words[word + 2] = messageBytes
    this.words[word + 3] = taken
    const start = (at + HEADER) & (this.capacity - 1)
    const straight = Math.min(taken, this.capacity - start)
    if (straight > 0) copyBytes(this.bytes, start, data, from, straight)
    if (taken > straight) copyBytes(this.bytes, 0, data, from + straight, taken - straight)
    Atomics.store(this.control, 0, (written + HEADER + padded(taken)) | 0)
    return taken
  }

  /** Header of the next frame, or null; the object is reused. */
  peek(): Readonly<FrameHeader> | null {
    const read = Atomics.load(this.control, 1)
    if (Atomics.load(this.control, 0) === read) return null
    const word = ((read >>> 0) & (this.capacity - 1)) >>> 2
    this.head.channel = this.words[word] ?? 0
    this.head.traffic = this.words[word + 1] ?? 0
    this.head.messageBytes = this.words[word + 2] ?? 0
    this.head.frameBytes = this.words[word + 3] ?? 0
    return this.head
  }

  /** Copies the next frame's bytes to into[offset …] and frees its space. */
  take(into: Uint8Array, offset: number): void {
    const read = Atomics.load(this.control, 1)
    const at = (read >>> 0) & (this.capacity - 1)
    const length = this.words[(at >>> 2) + 3] ?? 0
    const start = (at + HEADER) & (this.capacity - 1)
    const straight = Math.min(length, this.capacity - start)
    if (straight > 0) copyBytes(into, offset, this.bytes, start, straight)
    if (length > straight) copyBytes(into, offset + straight, this.bytes, 0, length - straight)
    Atomics.store(this.control, 1, (read + HEADER + padded(length)) | 0)
  }
}

function padded(length: number): number {
  return (length + HEADER - 1) & ~(HEADER - 1)
}

function copyBytes(into: Uint8Array, at: number, from: Uint8Array, start: number, length: number): void {
  into.set(from.subarray(start, start + length), at)
}
