"""What agents read in their channel, in both languages."""

from __future__ import annotations

from hub.types import Language

TEXTS: dict[str, dict[Language, str]] = {
    # Who speaks
    "customer": {"en": "Customer", "zh": "客户"},
    "bot": {"en": "Assistant", "zh": "智能助手"},
    "agent": {"en": "Agent", "zh": "客服"},
    "system": {"en": "System", "zh": "系统"},
    "note": {"en": "🔒 {who}, note", "zh": "🔒 {who}（内部备注）"},
    # The first post
    "waiting": {"en": "🟡 Waiting since {time}", "zh": "🟡 排队中，自 {time}"},
    "human": {"en": "🟢 {who} has it", "zh": "🟢 由 {who} 接待"},
    "with_bot": {"en": "⚪ With the assistant", "zh": "⚪ 智能助手接待中"},
    "closed": {"en": "⚫ Closed", "zh": "⚫ 已结束"},
    "urgent": {"en": "urgent", "zh": "紧急"},
    "team": {"en": "for {team}", "zh": "团队：{team}"},
    "intent": {"en": "Understood as: {intent}", "zh": "识别意图：{intent}"},
    "slots": {"en": "Details given: {slots}", "zh": "已提供的信息：{slots}"},
    "articles": {"en": "Articles tried: {articles}", "zh": "已尝试的文章：{articles}"},
    "unreachable": {"en": "⚠ Nothing reaches them: {why}", "zh": "⚠ 目前无法联系到客户：{why}"},
    "window": {"en": "⏳ The platform lets us write until {time}", "zh": "⏳ 平台允许回复至 {time}"},
    "window_left": {"en": ", {left} more", "zh": "，还可发 {left} 条"},
    "window_over": {
        "en": "⚠ The platform lets nobody write to them until they write again",
        "zh": "⚠ 平台已不允许回复，须等客户再次来信",
    },
    "erase": {"en": "⚠ The platform asks that their data be deleted", "zh": "⚠ 平台要求删除该客户的数据"},
    "console": {"en": "Open in the console", "zh": "在工作台打开"},
    "nothing_said": {"en": "Nothing has been said yet.", "zh": "还没有消息。"},
    "shortened": {"en": "… {count} earlier", "zh": "……更早还有 {count} 条"},
    "hint": {
        "en": "What you write in this thread goes to the customer, and makes the conversation yours if it is nobody's. "
        "Begin with {prefix} for a note that only colleagues read.",
        "zh": "在此消息列中回复即发给客户；会话无人接待时由您接待。以 {prefix} 开头的是内部备注，仅同事可见。",
    },
    "claim": {"en": "Claim", "zh": "接待"},
    "release": {"en": "Release", "zh": "交还助手"},
    "close": {"en": "Close", "zh": "结束"},
    # What happened
    "did_handoff": {"en": "🟡 Waiting for a person: {why}", "zh": "🟡 等待人工：{why}"},
    "did_take_back": {"en": "⚪ No person needed any more", "zh": "⚪ 客户不再需要人工"},
    "did_claim": {"en": "🟢 {owner} has it", "zh": "🟢 由 {owner} 接待"},
    "did_assign": {"en": "🟢 {owner} has it, by assignment", "zh": "🟢 已分配给 {owner}"},
    "did_transfer": {"en": "🟢 {actor} handed it to {owner}", "zh": "🟢 {actor} 转接给了 {owner}"},
    "did_requeue": {"en": "🟡 {actor} put it back into the queue", "zh": "🟡 {actor} 将会话转回排队"},
    "did_vanish": {"en": "🟡 {left} went away; waiting again", "zh": "🟡 {left} 已离线，会话重新排队"},
    "did_release": {"en": "⚪ {actor} gave it back to the assistant", "zh": "⚪ {actor} 将会话交还智能助手"},
    "did_close": {"en": "⚫ {actor} closed it", "zh": "⚫ {actor} 结束了会话"},
    "did_expire": {"en": "⚫ Closed after a long silence", "zh": "⚫ 长时间无消息，会话已结束"},
    "did_reopen_waiting": {"en": "🟡 The customer wrote again; waiting", "zh": "🟡 客户再次来信，等待人工"},
    "did_reopen_bot": {"en": "⚪ The customer wrote again", "zh": "⚪ 客户再次来信"},
    "somebody": {"en": "Somebody", "zh": "有人"},
    # What became of a message or a file
    "failed": {"en": "⚠ Not delivered: {why} — {what}", "zh": "⚠ 未送达：{why} — {what}"},
    "dropped": {"en": "⚠ Not sent: {why} — {what}", "zh": "⚠ 未发送：{why} — {what}"},
    "unknown": {
        "en": "⚠ Nobody knows whether this arrived: {why} — {what}",
        "zh": "⚠ 无法确认是否送达：{why} — {what}",
    },
    "waits": {
        "en": "⏳ Waits for the customer's next message: {why} — {what}",
        "zh": "⏳ 等客户下次来信时发出：{why} — {what}",
    },
    "arrived": {"en": "✓ Arrived after all: {what}", "zh": "✓ 后来已送达：{what}"},
    "lost_file": {"en": "⚠ A file could not be fetched: {name}", "zh": "⚠ 文件未能获取：{name}"},
    "file_in_console": {
        "en": "📎 {who}: {name} cannot be shown here; it is in the console",
        "zh": "📎 {who}：{name} 无法在此显示，请到工作台查看",
    },
    "unshowable": {
        "en": "⚠ Something cannot be shown here; see the console",
        "zh": "⚠ 有内容无法在此显示，请到工作台查看",
    },
    # Told to one person alone
    "no_email": {
        "en": "This was not taken: Slack does not tell the app your address. The app needs the permission "
        "users:read.email; ask whoever set it up.",
        "zh": "操作未生效：Slack 没有提供您的邮箱。应用需要 users:read.email 权限，请联系管理员。",
    },
    "stranger": {
        "en": "This was not taken: nobody works here under {email}. Ask an administrator to add you with this address "
        "and the role of an agent (python -m app add-user), then do it again.",
        "zh": "操作未生效：系统中没有邮箱为 {email} 的客服。请管理员用此邮箱添加您并授予客服角色"
        "（python -m app add-user），然后重试。",
    },
    "no_agent": {
        "en": "This was not taken: {email} is no agent here. Ask an administrator for the role, then do it again.",
        "zh": "操作未生效：{email} 没有客服角色。请管理员授予后重试。",
    },
    "outsider": {
        "en": "This was not taken: you are a member of another workspace, whose addresses nobody here can vouch for.",
        "zh": "操作未生效：您属于其他工作区，无法确认其邮箱的真实性。",
    },
    "taken": {
        "en": "This was not sent: {who} has this conversation. With {prefix} at its beginning it would be a note.",
        "zh": "未发送：该会话由 {who} 接待。以 {prefix} 开头可写内部备注。",
    },
    "over": {
        "en": "This was not sent: the conversation is closed; the customer's next message opens it again. With "
        "{prefix} at its beginning it would be a note.",
        "zh": "未发送：会话已结束，客户再次来信时会重新打开。以 {prefix} 开头可写内部备注。",
    },
    "not_now": {"en": "This cannot be done now: {why}.", "zh": "现在不能这样操作：{why}。"},
    "has_it": {"en": "{who} has this conversation", "zh": "该会话由 {who} 接待"},
    "moved_on": {"en": "the conversation has moved on", "zh": "会话状态已变化"},
    "already_seen": {
        "en": "The customer has what you wrote first; what you change or delete here changes nothing for them. "
        "Write again to put it right.",
        "zh": "客户已收到您最初发出的内容，在此修改或删除不会影响客户所见。如需更正，请重新发送。",
    },
    "note_stays": {"en": "The note stays in the console.", "zh": "备注仍保留在工作台中。"},
    "bad_file": {"en": "This was not sent: {name}: {why}", "zh": "未发送：{name}：{why}"},
    "too_long": {"en": "This was not sent: it is longer than {most} characters.", "zh": "未发送：超过 {most} 个字符。"},
    "our_fault": {
        "en": "This could not be done, by a fault of ours; it is in the log. Please use the console.",
        "zh": "因系统故障未能完成，详情见日志。请使用工作台。",
    },
    "waits_for_us": {
        "en": "This waits until whoever set the app up has mended it: {why}",
        "zh": "操作暂缓，等待管理员修复应用设置：{why}",
    },
    "edited": {"en": "(edited) {text}", "zh": "（已修改）{text}"},
    "files_stay": {"en": "(files in Slack: {names})", "zh": "（Slack 中的文件：{names}）"},
    # Words
    "zh": {"en": "Chinese", "zh": "中文"},
    "en": {"en": "English", "zh": "英文"},
    "asked": {"en": "asked for a person", "zh": "客户要求人工"},
    "missed_twice": {"en": "the assistant missed twice", "zh": "助手两次未能解答"},
    "bot_unavailable": {"en": "the assistant was away", "zh": "助手不可用"},
    "complaint": {"en": "complaint", "zh": "投诉"},
    "safety": {"en": "danger or distress", "zh": "人身或心理安全"},
    "rule": {"en": "by a rule", "zh": "按规则转入"},
    "transfer": {"en": "transferred", "zh": "同事转接"},
    "agent_vanished": {"en": "the agent went away", "zh": "接待客服已离线"},
    "reopened": {"en": "wrote again", "zh": "客户再次来询"},
    "order_number": {"en": "order number", "zh": "订单号"},
    "contact": {"en": "how to reach them", "zh": "联系方式"},
    "complaint_account": {"en": "what happened", "zh": "发生了什么"},
    "complaint_wish": {"en": "what would put it right", "zh": "希望如何解决"},
    "complaint_reference": {"en": "complaint number", "zh": "投诉编号"},
}


def say(key: str, language: Language, **what: object) -> str:
    """The text `key` with `what` filled in."""
    return TEXTS[key][language].format(**what)


def word(key: str, language: Language) -> str:
    """A word of the product's in `language`; as it is where it has none."""
    known = TEXTS.get(key)
    return known[language] if known else key
