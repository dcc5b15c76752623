import type { RankPort, RankReply, RankRequest } from '../protocol.ts'

/** A connection between coordinator and rank in one thread: messages arrive in order, each in its own microtask. */
export function localPortPair(): {
  coordinator: RankPort<RankRequest, RankReply>
  rank: RankPort<RankReply, RankRequest>
} {
  const toRank = new MessageQueue<RankRequest>()
  const toCoordinator = new MessageQueue<RankReply>()
  return {
    coordinator: end(toRank, toCoordinator),
    rank: end(toCoordinator, toRank),
  }
}

class MessageQueue<Message> {
  listener: ((message: Message) => void) | null = null
  private waiting: Message[] = []
  private closed = false

  push(message: Message): void {
    if (this.closed) return
    queueMicrotask(() => {
      if (this.listener) this.listener(message)
      else this.waiting.push(message)
    })
  }

  listen(listener: (message: Message) => void): void {
    this.listener = listener
    for (const message of this.waiting.splice(0)) listener(message)
  }

  close(): void {
    this.closed = true
  }
}

function end<Out, In>(out: MessageQueue<Out>, incoming: MessageQueue<In>): RankPort<Out, In> {
  return {
    post: (message) => out.push(message),
    listen: (listener) => incoming.listen(listener),
    close: () => out.close(),
  }
}
