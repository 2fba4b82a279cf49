const zh = {
  brand: "电子产品商店 · 售后服务",
  language: "English",
  console: "客服工作台",
  title: "有问题？我们来帮您。",
  lead: "订单、物流、退换货、保修与使用问题，直接问就行。智能助手马上回答；需要时，由人工客服接着为您处理。",
  start: "开始咨询",
  try: "可以这样问",
  topics: "我们能帮您的",
  footer: "这是 Parley 的演示页面：商店是虚构的，聊天窗口是真的。",
};

const en: typeof zh = {
  brand: "Electronics shop · Service desk",
  language: "中文",
  console: "Agents’ console",
  title: "Something not working? We can help.",
  lead: "Orders, delivery, returns, warranty, and how to use what you bought: just ask. The assistant answers at once, and a person takes over when you want one.",
  start: "Ask a question",
  try: "Try asking",
  topics: "What we can help with",
  footer: "This is Parley’s demo page: the shop is fictional, the chat is real.",
};

export type Locale = "zh" | "en";
export const texts = { zh, en };

/** Sent as they stand when pressed; the last one shows the handoff. */
export const questions: Record<Locale, string[]> = {
  zh: ["怎么申请退货？", "保修期是多久？", "发票怎么开？", "耳机连不上蓝牙怎么办？", "我的订单 PL20418802 到哪了？手机号 13900000102", "我要找人工客服"],
  en: [
    "How do I return an item?",
    "How long is the warranty?",
    "How do I get an invoice?",
    "My headphones won’t pair",
    "Where is my order PL20418802? My phone is 13900000102",
    "I want to talk to a person",
  ],
};

export const topics: Record<Locale, [string, string][]> = {
  zh: [
    ["订单与物流", "查询进度、修改地址、签收问题"],
    ["退货与换货", "条件、流程、退款到账时间"],
    ["保修与维修", "保修范围、送修方式、维修进度"],
    ["使用与故障", "充电、蓝牙、网络、固件升级"],
  ],
  en: [
    ["Orders and delivery", "Tracking, changing an address, missing parcels"],
    ["Returns and exchanges", "Conditions, steps, when the refund arrives"],
    ["Warranty and repair", "What is covered, sending it in, progress"],
    ["Use and faults", "Charging, Bluetooth, network, firmware"],
  ],
};
