#include "core/doctor/examine.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::doctor {
namespace {

Status expectKnown(std::span<const Check* const> all, const std::vector<std::string>& ids) {
  std::vector<std::string> known;
  for (const Check* check : all) {
    known.emplace_back(check->id);
  }
  for (const std::string& id : ids) {
    if (std::find(known.begin(), known.end(), id) == known.end()) {
      const auto meant = nearest(id, known);
      return invalid(
          fmt::format("there is no check \"{}\"", id),
          meant ? fmt::format("did you mean {}?", *meant) : "hitless doctor --list names them");
    }
  }
  return {};
}

bool contains(const std::vector<std::string>& ids, std::string_view id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

void addUnseen(const Check& check, const Evidence& evidence, std::vector<Unseen>& out) {
  for (const Want& want : check.wants) {
    for (const auto& [name, reason] : evidence.unread) {
      if (matches(want.name, name) || want.name == name) {
        out.push_back({std::string(check.id), name, reason});
      }
    }
  }
}

}  // namespace

Result<std::vector<const Check*>> select(std::span<const Check* const> all,
                                         const std::vector<std::string>& only,
                                         const std::vector<std::string>& skip) {
  TRY_VOID(expectKnown(all, only));
  TRY_VOID(expectKnown(all, skip));
  std::vector<const Check*> chosen;
  for (const Check* check : all) {
    if ((only.empty() || contains(only, check->id)) && !contains(skip, check->id)) {
      chosen.push_back(check);
    }
  }
  return chosen;
}

std::vector<Want> wantsOf(std::span<const Check* const> checks) {
  std::vector<Want> wants;
  for (const Check* check : checks) {
    for (const Want& want : check->wants) {
      const auto same = std::find_if(wants.begin(), wants.end(), [&want](const Want& other) {
        return other.name == want.name;
      });
      if (same == wants.end()) {
        wants.push_back(want);
      } else {
        same->twice |= want.twice;
      }
    }
  }
  return wants;
}

std::optional<Severity> Examination::worst() const {
  return findings.empty() ? std::nullopt : std::optional(findings.front().severity);
}

Examination examine(const Evidence& evidence, std::span<const Check* const> checks) {
  Examination result;
  for (const Check* check : checks) {
    addUnseen(*check, evidence, result.unseen);
    std::vector<Finding> found = check->run(evidence);
    for (Finding& finding : found) {
      finding.check = check->id;
      result.findings.push_back(std::move(finding));
    }
    ++result.checks;
  }
  std::stable_sort(result.findings.begin(), result.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return result;
}

}  // namespace hitless::doctor
