/** Handles that can be awaited like the promise they stand for. */

/** A promise that requests its value when it is awaited, not when it is created. */
class WaitingPromise<Value> extends Promise<Value> {
  readonly #wait: () => Promise<Value>

  constructor(wait: () => Promise<Value>) {
    super(() => {})
    this.#wait = wait
  }

  /** What `finally` makes is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  // oxlint-disable-next-line unicorn/no-thenable -- `await`, `catch` and `finally` all come through here
  override then<Fulfilled = Value, Rejected = never>(
    onFulfilled?: ((value: Value) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#wait().then(onFulfilled, onRejected)
  }
}

/** A handle with a result. Subclasses define how to wait for it. */
export abstract class Thenable<Result> implements PromiseLike<Result> {
  #result: Promise<Result> | undefined

  /** Only subclasses create handles. */
  protected constructor() {}

  /** Resolves with the result. The same as awaiting the handle itself. */
  abstract wait(): Promise<Result>

  /** The handle as a plain promise, for `Promise.all` and the like. */
  get result(): Promise<Result> {
    return (this.#result ??= new WaitingPromise(() => this.wait()))
  }

  /** As a promise's. */
  // oxlint-disable-next-line unicorn/no-thenable -- a handle is awaited like the promise it stands for
  then<Fulfilled = Result, Rejected = never>(
    onFulfilled?: ((result: Result) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.wait().then(onFulfilled, onRejected)
  }

  /** As a promise's. */
  catch<Rejected = never>(
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Result | Rejected> {
    return this.wait().catch(onRejected)
  }

  /** As a promise's. */
  finally(onFinally?: (() => void) | null): Promise<Result> {
    return this.wait().finally(onFinally)
  }
}
