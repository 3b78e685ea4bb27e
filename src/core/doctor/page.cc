#include "core/doctor/page.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::doctor {
namespace {

std::string wantsText(const Check& check) {
  std::string out;
  for (const Want& want : check.wants) {
    out += fmt::format("{}`{}`{}", out.empty() ? "" : ", ", want.name, want.twice ? " twice" : "");
  }
  return out;
}

}  // namespace

std::string renderPage(const Check& check) {
  return fmt::format(
      "### `{}`: {}\n\n{}\n\n**Evidence.** {}\n\n**Consequence.** {}\n\n**Repair.** {}\n\n"
      "Looks at {}.\n",
      check.id, check.title, check.page.fault, check.page.evidence, check.page.consequence,
      check.page.repair, wantsText(check));
}

std::string renderCatalogue(std::span<const Check* const> checks) {
  std::string out = "| check | finds |\n|---|---|\n";
  for (const Check* check : checks) {
    out += fmt::format("| [`{}`](#{}) | {} |\n", check->id, check->id, check->title);
  }
  for (const Check* check : checks) {
    out += fmt::format("\n<a id=\"{}\"></a>\n{}", check->id, renderPage(*check));
  }
  return out;
}

std::string renderList(std::span<const Check* const> checks) {
  std::size_t width = 0;
  for (const Check* check : checks) {
    width = std::max(width, check->id.size());
  }
  std::string out;
  for (const Check* check : checks) {
    out += fmt::format("{:<{}}  {}\n", check->id, width, check->title);
  }
  return out;
}

}  // namespace hitless::doctor
