#include "core/doctor/nft/dedupe_undo.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "core/doctor/json_fields.h"
#include "core/doctor/nft/raw_json.h"
#include "core/doctor/nft/repeats.h"

namespace hitless::nft {
namespace {

namespace json = boost::json;

/// More rules than any window has.
constexpr std::size_t kMaxRules = 1U << 20;

json::array numbers(std::span<const std::uint32_t> list) {
  json::array out;
  for (const Repeat& repeat : foldRepeats(list)) {
    json::array pattern(repeat.pattern.begin(), repeat.pattern.end());
    out.push_back(json::object{{"rules", std::move(pattern)}, {"times", repeat.times}});
  }
  return out;
}

/// What was never a text is unsigned, what was read from one may be signed.
std::optional<std::uint64_t> indexOf(const json::value& number) {
  if (const std::uint64_t* value = number.if_uint64()) {
    return *value;
  }
  const std::int64_t* value = number.if_int64();
  return value != nullptr && *value >= 0 ? std::optional<std::uint64_t>(*value) : std::nullopt;
}

/// Numbers below `bound`.
Result<std::vector<std::uint32_t>> numbersOf(const json::object& object, std::string_view key,
                                             std::size_t bound) {
  std::vector<std::uint32_t> out;
  const json::array& list = doctor::fields::list(object, key);
  for (const json::value& value : list) {
    if (!value.is_object()) {
      return invalid("the undo file's list of rules is damaged");
    }
    const json::object& entry = value.get_object();
    const json::array& pattern = doctor::fields::list(entry, "rules");
    const std::uint64_t times = doctor::fields::count(entry, "times");
    if (times < 1 || times > kMaxRules || times * pattern.size() + out.size() > kMaxRules) {
      return invalid("the undo file's list of rules is damaged");
    }
    for (std::uint64_t round = 0; round < times; ++round) {
      for (const json::value& number : pattern) {
        const auto position = indexOf(number);
        if (!position || *position >= bound) {
          return invalid("the undo file names a rule that it does not hold");
        }
        out.push_back(static_cast<std::uint32_t>(*position));
      }
    }
  }
  return out;
}

Result<GoneRun> runOf(const json::value& value, const DedupeUndo& undo) {
  if (!value.is_object()) {
    return invalid("the undo file's list of rules is damaged");
  }
  const json::object& entry = value.get_object();
  const auto behind = doctor::fields::integer(entry, "behind");
  if (!behind || *behind < 0 || static_cast<std::uint64_t>(*behind) >= undo.kept.size()) {
    return invalid("the undo file names a rule that it does not hold");
  }
  return GoneRun{static_cast<std::uint32_t>(*behind),
                 TRY(numbersOf(entry, "list", undo.distinct.size()))};
}

/// The rules that stayed, found again by content and in order.
Result<std::vector<std::uint64_t>> handlesOf(const DedupeUndo& undo, std::span<const RawRule> now) {
  std::vector<std::string> contents;
  for (const RawRule& rule : undo.distinct) {
    contents.push_back(contentOf(rule));
  }
  std::vector<std::uint64_t> handles;
  for (const RawRule& rule : now) {
    if (handles.size() < undo.kept.size() &&
        contentOf(rule) == contents[undo.kept[handles.size()]]) {
      handles.push_back(rule.handle);
    }
  }
  if (handles.size() < undo.kept.size()) {
    return fail(ErrorKind::kConflict,
                fmt::format("{} {} has been written anew since: {} of {} rules that stayed are "
                            "found",
                            undo.place.table, undo.place.chain, handles.size(), undo.kept.size()),
                "whoever owns the chain must write it");
  }
  return handles;
}

}  // namespace

DedupeUndo dedupeUndo(const ChainPlace& place, std::span<const RawRule> rules,
                      const DedupePlan& plan, std::string round) {
  DedupeUndo undo;
  undo.place = place;
  undo.round = std::move(round);
  for (const RawRule& rule : plan.distinct) {
    undo.distinct.push_back(withoutCounts(rule));
  }
  for (std::size_t i = 0; i < plan.layout.size(); ++i) {
    if (!plan.goes[i]) {
      undo.kept.push_back(plan.layout[i]);
      continue;
    }
    // The first rule of a chain never goes, so there is one that stays.
    const auto behind = static_cast<std::uint32_t>(undo.kept.size() - 1);
    if (undo.gone.empty() || undo.gone.back().behind != behind) {
      undo.gone.push_back({behind, {}});
    }
    undo.gone.back().rules.push_back(plan.layout[i]);
    undo.firstGone = undo.firstGone == 0 ? rules[i].handle : undo.firstGone;
  }
  if (!undo.gone.empty()) {
    undo.kept.resize(undo.gone.back().behind + std::size_t{1});
  }
  return undo;
}

json::object render(const DedupeUndo& undo) {
  json::object out{{"kind", "dedupe"}, {"round", undo.round}, {"firstGone", undo.firstGone}};
  putPlace(out, undo.place);
  json::array distinct;
  for (const RawRule& rule : undo.distinct) {
    distinct.push_back(contentJson(rule));
  }
  out["distinct"] = std::move(distinct);
  out["kept"] = numbers(undo.kept);
  json::array gone;
  for (const GoneRun& run : undo.gone) {
    gone.push_back(json::object{{"behind", run.behind}, {"list", numbers(run.rules)}});
  }
  out["gone"] = std::move(gone);
  return out;
}

Result<DedupeUndo> parseDedupeUndo(const json::object& object) {
  DedupeUndo undo;
  undo.place = TRY(placeOfJson(object));
  undo.round = doctor::fields::text(object, "round");
  undo.firstGone = doctor::fields::count(object, "firstGone");
  const json::array& distinct = doctor::fields::list(object, "distinct");
  for (const json::value& rule : distinct) {
    if (!rule.is_object()) {
      return invalid("the undo file's list of rules is damaged");
    }
    undo.distinct.push_back(TRY(ruleOfJson(rule.get_object(), undo.place)));
  }
  undo.kept = TRY(numbersOf(object, "kept", undo.distinct.size()));
  const json::array& gone = doctor::fields::list(object, "gone");
  for (const json::value& run : gone) {
    undo.gone.push_back(TRY(runOf(run, undo)));
  }
  return undo;
}

Status restore(const DedupeUndo& undo, std::span<const RawRule> now, ForeignBatch& batch) {
  const bool untouched = std::any_of(
      now.begin(), now.end(), [&](const RawRule& rule) { return rule.handle == undo.firstGone; });
  if (untouched) {
    return fail(ErrorKind::kNotFound, "the transaction was not carried out: nothing to undo");
  }
  const auto handles = TRY(handlesOf(undo, now));
  for (const GoneRun& run : undo.gone) {
    // Each goes directly behind the neighbour, so the last comes first.
    for (auto index = run.rules.rbegin(); index != run.rules.rend(); ++index) {
      batch.addRule(undo.distinct[*index], {false, handles[run.behind]});
    }
  }
  return {};
}

}  // namespace hitless::nft
