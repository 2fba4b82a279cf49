import { Connection, type LinkState } from "./connection.ts";
import { HubApi, Refused, type Outgoing } from "./hub-api.ts";
import type { Memory } from "./memory.ts";
import type { Attachment, HubFrame, Status } from "./protocol.ts";
import { isIncoming, Stream, type Pending } from "./stream.ts";
import { uuid } from "../../shared/uuid.ts";

export const MAX_TEXT = 4000;
export const MAX_FILE_BYTES = 10 * 1024 * 1024;
const TYPING_EVERY = 3_000;

/** Words for the customer about something that went wrong: a code that `texts.ts` knows, and the hub's own words. */
export interface Problem {
  code: string;
  message: string;
}

/** One customer's chat: the stream, the link to the hub, what is remembered. Tells `changed` whenever the view is stale. */
export class Chat {
  stream: Stream;
  link: LinkState = "connecting";
  problem?: Problem;
  /** The human button was pressed, and the hub has not answered yet. */
  askedForHuman = false;
  private session?: string;
  private opening?: Promise<void>;
  private typedAt = 0;
  private reopened = 0;
  private readonly connection: Connection;

  constructor(
    private readonly api: HubApi,
    readonly memory: Memory,
    private readonly locale: () => string,
    private readonly changed: (frame?: HubFrame) => void,
  ) {
    this.session = memory.get("session");
    this.stream = new Stream(memory.unsent);
    this.connection = new Connection(api, {
      session: () => this.session ?? "",
      lastSeq: () => this.stream.lastSeq,
      unacknowledged: () => this.stream.unacknowledged().map(outgoing),
      onFrame: (frame) => this.take(frame),
      onLink: (link) => this.follow(link),
      onSessionLost: () => void this.startOver(),
    });
    if (this.session) this.connection.start();
  }

  get status(): Status {
    return this.stream.status;
  }

  get hasSession(): boolean {
    return this.session !== undefined;
  }

  get unread(): number {
    return this.stream.unreadAfter(this.memory.get("readSeq") ?? 0);
  }

  /** Everything shown so far has been seen. */
  read(): void {
    if (this.stream.lastSeq > (this.memory.get("readSeq") ?? 0)) this.memory.set("readSeq", this.stream.lastSeq);
  }

  /** Opens a session on the first use; later calls do nothing. */
  open(): Promise<void> {
    if (this.session) return Promise.resolve();
    this.opening ??= this.openSession().finally(() => (this.opening = undefined));
    return this.opening;
  }

  wake(): void {
    this.connection.wake();
  }

  suspect(): void {
    this.connection.suspect();
  }

  write(text: string, payload?: string, attachments: Attachment[] = []): void {
    const pending = this.stream.write({ id: uuid(), text, payload, attachments });
    this.problem = undefined;
    this.send(pending);
  }

  retry(id: string): void {
    const pending = this.stream.retry(id);
    if (pending) this.send(pending);
  }

  discard(id: string): void {
    this.update(() => this.stream.discard(id));
  }

  typing(): void {
    if (Date.now() - this.typedAt < TYPING_EVERY) return;
    this.typedAt = Date.now();
    this.connection.send({ type: "typing" });
  }

  /** Asks for a human, or takes it back. False where only a socket could carry it. */
  handoff(wanted: boolean): boolean {
    const sent = this.connection.send({ type: "handoff", wanted });
    if (sent) this.update(() => (this.askedForHuman = wanted));
    return sent;
  }

  vote(message: string, helpful: boolean): void {
    if (!this.connection.send({ type: "feedback", message, helpful })) return this.fail("offline");
    this.update(() => this.memory.set("votes", { ...this.memory.get("votes"), [message]: helpful }));
  }

  rate(conversation: string, score: number): void {
    if (!this.connection.send({ type: "rate", conversation, score })) return this.fail("offline");
    this.update(() => this.memory.set("rated", { ...this.memory.get("rated"), [conversation]: score }));
  }

  /** Sends a file as a message of its own. */
  async attach(file: File): Promise<void> {
    if (file.size > MAX_FILE_BYTES) return this.fail("file_too_large");
    await this.open();
    if (!this.session) return;
    try {
      const id = await this.api.upload(this.session, file);
      this.write("", undefined, [{ id, name: file.name, size: file.size }]);
    } catch (error) {
      this.explain(error, "upload_failed");
    }
  }

  async download(attachment: Attachment): Promise<Blob | undefined> {
    try {
      return await this.api.download(this.session ?? "", attachment.id);
    } catch (error) {
      this.explain(error, "download_failed");
      return undefined;
    }
  }

  dismissProblem(): void {
    this.update(() => (this.problem = undefined));
  }

  private follow(link: LinkState): void {
    this.link = link;
    // The wish may have been lost on the way; pressing again is harmless.
    if (link !== "live") this.askedForHuman = false;
    this.changed();
  }

  private send(pending: Pending): void {
    this.keepUnsent();
    this.changed();
    if (this.session) this.connection.flush(outgoing(pending));
    else void this.open();
  }

  private take(frame: HubFrame): void {
    const changed = this.stream.accept(frame);
    if (frame.type === "ready") this.reopened = 0;
    if (frame.type === "status" || frame.type === "error") this.askedForHuman = false;
    if (frame.type === "error" && !changed) this.problem = { code: frame.code, message: frame.message };
    if (frame.type === "ack" || frame.type === "error" || (frame.type === "message" && !isIncoming(frame))) {
      this.keepUnsent();
    }
    if (changed || frame.type === "error") this.changed(frame);
  }

  private keepUnsent(): void {
    this.memory.unsent = this.stream.pending.filter((item) => item.state !== "sent");
  }

  private async openSession(): Promise<void> {
    this.update(() => ((this.link = "connecting"), (this.problem = undefined)));
    try {
      const opened = await this.api.open(this.locale());
      this.session = opened.session;
      this.stream.conversation = opened.conversation;
      this.memory.set("session", opened.session);
      this.connection.start();
    } catch (error) {
      this.link = "offline";
      this.explain(error, "unreachable");
    }
  }

  /** The session is gone at the hub: begin a new one and carry over what was not sent. */
  private async startOver(): Promise<void> {
    this.session = undefined;
    this.stream = new Stream(this.stream.unacknowledged());
    this.memory.set("session", undefined);
    this.memory.set("readSeq", 0);
    // A hub that forgets each session at once would otherwise be asked without end.
    if (this.reopened++ < 2) await this.open();
    else this.fail("unreachable");
  }

  private explain(error: unknown, otherwise: string): void {
    if (error instanceof Refused) this.fail(error.code, error.message);
    else this.fail(otherwise);
  }

  private fail(code: string, message = ""): void {
    this.update(() => (this.problem = { code, message }));
  }

  private update(change: () => void): void {
    change();
    this.changed();
  }
}

function outgoing({ id, text, payload, attachments }: Pending): Outgoing {
  return {
    id,
    text,
    ...(payload !== undefined && { payload }),
    ...(attachments.length > 0 && { attachments: attachments.map((file) => file.id) }),
  };
}
