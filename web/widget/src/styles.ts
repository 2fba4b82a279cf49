export const styles = `
:host {
  --ink: #1c2430; --soft: #5d6878; --line: #e3e7ee; --paper: #fff; --ground: #f5f7fa;
  --brand: #1f6f6b; --on-brand: #fff; --mine: #1f6f6b; --on-mine: #fff; --theirs: #fff;
  --warn: #a3341f; --warn-ground: #fdeeea; --amber: #a86a00; --green: #2c8a57;
  all: initial;
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei",
    "Noto Sans CJK SC", sans-serif;
  color: var(--ink);
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :host {
    --ink: #e8ecf2; --soft: #9aa6b6; --line: #2e3744; --paper: #1b222c; --ground: #141a22;
    --brand: #2c8f89; --mine: #24736e; --theirs: #232c38; --warn: #ff9d86; --warn-ground: #3a211c;
    --amber: #e3b050; --green: #62c48d;
  }
}
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
h2, p { margin: 0; font: inherit; }
button, textarea { font: inherit; color: inherit; background: none; border: 0; padding: 0; margin: 0; }
button { cursor: pointer; }
button:disabled { cursor: default; }
:focus-visible { outline: 2px solid var(--brand); outline-offset: 2px; }
.icon { width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round;
  stroke-linejoin: round; display: block; }
.launcher { position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; width: 56px; height: 56px;
  border-radius: 28px; background: var(--brand); color: var(--on-brand); display: grid; place-items: center;
  box-shadow: 0 6px 20px rgb(10 30 40 / .28); transition: transform .15s; }
.launcher:hover { transform: translateY(-2px); }
.launcher .icon { width: 26px; height: 26px; }
.badge { position: absolute; top: -4px; right: -4px; min-width: 20px; height: 20px; padding: 0 5px; border-radius: 10px;
  background: #c8402a; color: #fff; font-size: 12px; line-height: 20px; text-align: center; }
.panel { position: fixed; right: 20px; bottom: 88px; z-index: 2147483001; width: 384px; max-width: calc(100vw - 40px);
  height: min(620px, calc(100vh - 108px)); display: flex; flex-direction: column; overflow: hidden;
  background: var(--ground); border: 1px solid var(--line); border-radius: 16px;
  box-shadow: 0 18px 50px rgb(10 30 40 / .24); animation: rise .18s ease-out; }
@keyframes rise { from { opacity: 0; transform: translateY(10px); } }
header { display: flex; align-items: center; gap: 4px; padding: 12px 10px 12px 16px; background: var(--paper);
  border-bottom: 1px solid var(--line); }
.heading { flex: 1; min-width: 0; }
h2 { font-size: 16px; font-weight: 650; line-height: 1.35; }
.status { display: flex; align-items: center; gap: 6px; color: var(--soft); font-size: 13px; line-height: 1.4; }
.status::before { content: ""; flex: none; width: 8px; height: 8px; border-radius: 4px; background: var(--green); }
.status[data-state=waiting]::before, .status[data-state=connecting]::before { background: var(--amber); }
.status[data-state=closed]::before { background: var(--soft); }
.status[data-state=offline]::before { background: var(--warn); }
.quiet { min-width: 36px; height: 36px; padding: 0 8px; border-radius: 10px; display: grid; place-items: center;
  color: var(--soft); font-size: 13px; flex: none; }
.quiet:hover:enabled { background: var(--ground); color: var(--ink); }
.quiet:disabled { opacity: .45; }
.log { flex: 1; overflow-y: auto; padding: 16px 14px 8px; display: flex; flex-direction: column; gap: 10px;
  overscroll-behavior: contain; }
.log:focus-visible { outline-offset: -3px; }
.log > :first-child { margin-top: auto; }
.hello { text-align: center; color: var(--soft); padding: 24px 16px; margin-bottom: auto; }
.message { max-width: 86%; display: flex; flex-direction: column; gap: 4px; align-items: flex-start; }
.mine { align-self: flex-end; align-items: flex-end; }
.theirs { align-self: flex-start; }
.who { color: var(--soft); font-size: 12.5px; padding-left: 2px; }
.bubble { padding: 9px 13px; border-radius: 14px; background: var(--theirs); border: 1px solid var(--line);
  white-space: pre-wrap; overflow-wrap: anywhere; }
.theirs .bubble { border-top-left-radius: 4px; }
.mine .bubble { background: var(--mine); border-color: transparent; color: var(--on-mine); border-bottom-right-radius: 4px; }
.agent .bubble { border-left: 3px solid var(--brand); }
.bubble a { color: inherit; }
.sending { opacity: .72; }
.failed .bubble { background: var(--warn-ground); color: var(--ink); border-color: var(--warn); }
.note { color: var(--soft); font-size: 12px; line-height: 1.4; }
.failed .note { color: var(--warn); }
.actions { display: flex; gap: 12px; }
.link { color: inherit; text-decoration: underline; text-underline-offset: 2px; font-size: 13px; min-height: 24px; }
.sources { color: var(--soft); font-size: 12.5px; padding-left: 2px; }
.choices { display: flex; flex-wrap: wrap; gap: 6px; padding-top: 2px; }
.choices button { padding: 6px 12px; border: 1px solid var(--brand); border-radius: 16px; color: var(--brand);
  background: var(--paper); text-align: left; }
.choices button:hover:enabled { background: var(--brand); color: var(--on-brand); }
.choices button:disabled { border-color: var(--line); color: var(--soft); }
.vote { display: flex; align-items: center; gap: 2px; color: var(--soft); font-size: 12.5px; padding-left: 2px; }
.vote button { width: 30px; height: 28px; display: grid; place-items: center; border-radius: 8px; }
.vote .icon { width: 16px; height: 16px; }
.vote button:hover { background: var(--line); }
.vote [aria-pressed=true] { color: var(--brand); }
.vote [aria-pressed=true] .icon { fill: currentColor; fill-opacity: .25; }
.file { display: flex; align-items: center; gap: 8px; padding: 8px 12px; border: 1px solid var(--line); border-radius: 12px;
  background: var(--paper); max-width: 100%; overflow-wrap: anywhere; text-align: left; }
.file .icon { flex: none; color: var(--brand); }
.line { align-self: stretch; text-align: center; color: var(--soft); font-size: 13px; padding: 4px 12px; }
.rating { margin: 8px auto 0; padding: 10px 12px; background: var(--paper); border: 1px solid var(--line);
  border-radius: 12px; width: fit-content; }
.rating button { width: 36px; height: 36px; display: inline-grid; place-items: center; color: var(--soft); border-radius: 8px; }
.rating .on { color: #d89614; }
.rating .on .icon { fill: currentColor; }
.dots { display: flex; gap: 4px; padding: 14px; }
.dots i { width: 7px; height: 7px; border-radius: 4px; background: var(--soft); animation: dot 1.2s infinite; }
.dots i:nth-child(2) { animation-delay: .15s; }
.dots i:nth-child(3) { animation-delay: .3s; }
@keyframes dot { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; } }
.notice { display: flex; gap: 10px; align-items: center; justify-content: space-between; margin: 0 12px 8px; padding: 8px 12px;
  border-radius: 10px; background: var(--warn-ground); color: var(--warn); font-size: 13.5px; }
.notice .link { flex: none; }
.tools { display: flex; justify-content: flex-end; padding: 0 12px 8px; }
.tools:not(:has(:not([hidden]))) { display: none; }
.human { padding: 3px 12px; border: 1px solid var(--line); border-radius: 14px; font-size: 13px; color: var(--soft);
  background: var(--paper); }
.human:hover { color: var(--brand); border-color: var(--brand); }
.composer { display: flex; flex-wrap: wrap; align-items: flex-end; gap: 4px; padding: 8px; background: var(--paper);
  border-top: 1px solid var(--line); }
.composer .left { flex-basis: 100%; text-align: right; }
textarea { flex: 1; min-width: 0; resize: none; padding: 7px 6px; max-height: 120px; line-height: 22px;
  min-height: 36px; }
textarea:focus-visible { outline: none; }
textarea::placeholder { color: var(--soft); opacity: 1; }
.composer:focus-within { box-shadow: inset 0 2px 0 var(--brand); }
.send { width: 36px; height: 36px; border-radius: 18px; background: var(--brand); color: var(--on-brand); display: grid;
  place-items: center; flex: none; }
.send:disabled { background: var(--line); color: var(--soft); }
.send .icon { width: 18px; height: 18px; }
@media (max-width: 480px) {
  .panel { inset: 0; width: 100%; max-width: none; height: 100%; border: 0; border-radius: 0; }
  .launcher.is-open { display: none; }
  textarea { font-size: 16px; }
}
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) {
  .bubble, .launcher, .send { border: 1px solid CanvasText; }
}
`;
