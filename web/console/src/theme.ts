import type { GlobalThemeOverrides } from "naive-ui";

const font =
  'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

function overrides(
  brand: string,
  hover: string,
  pressed: string,
  surfaces: GlobalThemeOverrides["common"] = {},
): GlobalThemeOverrides {
  return {
    common: {
      fontFamily: font,
      fontSize: "14px",
      primaryColor: brand,
      primaryColorHover: hover,
      primaryColorPressed: pressed,
      primaryColorSuppl: hover,
      borderRadius: "8px",
      borderRadiusSmall: "6px",
      ...surfaces,
    },
  };
}

export const light = overrides("#1f6f6b", "#2a8782", "#175551");
export const dark = overrides("#4fb3ac", "#6cc5bf", "#3c938d", {
  bodyColor: "#12171e",
  cardColor: "#1a2029",
  modalColor: "#1e2530",
  popoverColor: "#252d39",
  inputColor: "#232b36",
  inputColorDisabled: "#1e2530",
  borderColor: "#36404e",
});
