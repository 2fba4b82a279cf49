"""What the hub itself says to customers, in both languages. The bot's own words stand in `bot/domain/`."""

from __future__ import annotations

from hub.types import Language

TEXTS: dict[str, dict[Language, str]] = {
    "clarify": {
        "zh": "您想问的是下面哪一个？",
        "en": "Which of these is your question?",
    },
    "reply_with_number": {"zh": "回复数字即可选择。", "en": "Reply with the number of your choice."},
    "reply_with_words": {"zh": "也可以直接回复：{choices}。", "en": "You can also reply: {choices}."},
    "none_of_these": {"zh": "都不是", "en": "None of these"},
    "talk_to_human": {"zh": "转人工客服", "en": "Talk to a person"},
    "missed": {
        "zh": "抱歉，这个问题我没有找到可靠的答案。您可以换个说法再问一次，也可以转人工客服。",
        "en": "Sorry, I have no reliable answer to that. You could put it another way, or talk to a person.",
    },
    "handing_over": {
        "zh": "好的，正在为您转接人工客服。前面的对话客服都能看到，您不需要重复。",
        "en": "I am passing you on to one of our team. They can read our conversation, so please do not repeat it.",
    },
    "missed_twice": {
        "zh": "抱歉，这个问题我答不好，已为您转接人工客服。前面的对话客服都能看到，您不需要重复。",
        "en": "Sorry, I cannot answer this well. I am passing you on to one of our team. They can read our "
        "conversation, so there is no need to repeat it.",
    },
    "not_helpful": {
        "zh": "抱歉，刚才没有答到点子上。您可以换个说法再问一次，也可以转人工客服。",
        "en": "Sorry that this did not help. You could put it another way, or talk to a person.",
    },
    "still_waiting": {
        "zh": "您已经在排队了，客服会尽快接入，请稍候。",
        "en": "You are in the queue, and one of our team will be with you as soon as possible.",
    },
    "ask_meanwhile": {"zh": "边等边问", "en": "Ask while I wait"},
    "take_back": {"zh": "不用人工了", "en": "No person needed"},
    "assisting": {
        "zh": "好的，等待期间您可以继续问我，您的排队位置不变。",
        "en": "All right, go on asking me while you wait. You keep your place in the queue.",
    },
    "for_the_agent": {
        "zh": "这个我没有可靠的答案，客服接入后会看到您的话。",
        "en": "I have no reliable answer to that; the person who comes will see what you wrote.",
    },
    "ask_on": {
        "zh": "好的，请直接问我。",
        "en": "All right, just ask me.",
    },
    "taken_back": {
        "zh": "好的，已取消转人工。您可以继续问我。",
        "en": "All right, I have taken your request back. Do go on asking me.",
    },
    "voice_received": {
        "zh": "语音已收到，不过我听不了语音。请打字告诉我，或转人工客服收听。",
        "en": "I have your voice message, but I cannot listen to it. Please write, or ask for a person to hear it.",
    },
    "file_received": {
        "zh": "文件已收到。请用一句话告诉我它是关于什么的，或转人工客服查看。",
        "en": "I have your file. Please say in a sentence what it is about, or ask for a person to look at it.",
    },
    "empty": {
        "zh": "我没有看到文字。请问有什么可以帮您？",
        "en": "I see no words there. What can I help you with?",
    },
    "gone": {
        "zh": "这篇内容刚刚有变动，请您再问一次。",
        "en": "That article has just changed. Please ask once more.",
    },
}


def say(key: str, language: Language) -> str:
    """The text `key` in `language`."""
    return TEXTS[key][language]
