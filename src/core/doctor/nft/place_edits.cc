#include "core/doctor/nft/place_edits.h"

#include <fmt/format.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <boost/json.hpp>

#include "core/doctor/json_fields.h"
#include "core/doctor/nft/raw_json.h"
#include "core/nft/foreign/rule_words.h"

namespace hitless::nft {
namespace {

namespace fields = doctor::fields;
namespace json = boost::json;

ChainPlace placeIn(const TableRules& rules, const std::string& chain) {
  return {rules.family, rules.table, chain};
}

/// The rules of chains that stay which lead to some that go, each with the one before it.
json::array deleteJumps(const TableRules& rules, const std::set<std::string>& gone,
                        ForeignBatch& batch) {
  json::array jumps;
  for (const auto& [name, list] : rules.chains) {
    const RawRule* before = nullptr;
    for (std::size_t i = 0; i < list.size() && !gone.contains(name); ++i) {
      if (gone.contains(targetOf(list[i]))) {
        json::object jump = contentJson(list[i]);
        jump["chain"] = name;
        if (before != nullptr) {
          jump["behind"] = contentJson(*before);
        }
        jumps.push_back(std::move(jump));
        batch.deleteRule(placeIn(rules, name), list[i].handle);
      } else {
        before = &list[i];
      }
    }
  }
  return jumps;
}

/// The neighbour's handle; 0 if there was none or it is gone, so that the rule becomes the first.
Result<std::uint64_t> neighbourOf(const json::object& jump, const ChainPlace& place,
                                  const std::vector<RawRule>& now) {
  const json::value* behind = jump.if_contains("behind");
  if (behind == nullptr || !behind->is_object()) {
    return std::uint64_t{0};
  }
  const std::string wanted = contentOf(TRY(ruleOfJson(behind->get_object(), place)));
  const auto found = std::find_if(now.begin(), now.end(),
                                  [&](const RawRule& rule) { return contentOf(rule) == wanted; });
  return found == now.end() ? std::uint64_t{0} : found->handle;
}

/// A chain that is to be brought back has rules.
Status occupied(const ChainPlace& place, const std::vector<RawRule>& wanted,
                const std::vector<RawRule>& there) {
  const bool same =
      std::equal(wanted.begin(), wanted.end(), there.begin(), there.end(),
                 [](const RawRule& a, const RawRule& b) { return contentOf(a) == contentOf(b); });
  if (same) {
    return fail(ErrorKind::kNotFound, "the chains were not deleted: nothing to undo");
  }
  return fail(ErrorKind::kConflict,
              fmt::format("{} {} is there again, with other rules", place.table, place.chain),
              "its owner is at work: leave it to it");
}

Status restoreRules(const json::object& chain, const TableRules& now, ForeignBatch& batch) {
  const ChainPlace place = placeIn(now, fields::text(chain, "name"));
  std::vector<RawRule> wanted;
  const json::array& rules = fields::list(chain, "rules");
  for (const json::value& rule : rules) {
    if (rule.is_object()) {
      wanted.push_back(TRY(ruleOfJson(rule.get_object(), place)));
    }
  }
  const auto there = now.chains.find(place.chain);
  if (there != now.chains.end() && !there->second.empty()) {
    return occupied(place, wanted, there->second);
  }
  for (const RawRule& rule : wanted) {
    batch.addRule(rule, {});
  }
  return {};
}

Status restoreJump(const json::object& jump, const TableRules& now, ForeignBatch& batch) {
  const ChainPlace place = placeIn(now, fields::text(jump, "chain"));
  const auto chain = now.chains.find(place.chain);
  if (chain == now.chains.end()) {
    return fail(ErrorKind::kConflict,
                fmt::format("{} {} has gone meanwhile", place.table, place.chain),
                "its owner must write it");
  }
  const RawRule rule = TRY(ruleOfJson(jump, place));
  const std::uint64_t neighbour = TRY(neighbourOf(jump, place, chain->second));
  batch.addRule(rule, {neighbour == 0, neighbour});
  return {};
}

}  // namespace

Result<json::object> deleteChains(const TableRules& rules, const std::vector<std::string>& chains,
                                  ForeignBatch& batch) {
  std::set<std::string> gone;
  for (const std::string& chain : chains) {
    if (rules.isChain(chain)) {
      gone.insert(chain);
    }
  }
  if (gone.empty()) {
    return fail(ErrorKind::kNotFound, "the chains are gone already");
  }
  json::object before{{"kind", "chains"}};
  putPlace(before, placeIn(rules, *gone.begin()));
  before["jumps"] = deleteJumps(rules, gone, batch);
  json::array kept;
  for (const std::string& chain : gone) {
    json::array list;
    for (const RawRule& rule : rules.chains.at(chain)) {
      if (!restorable(rule)) {
        return fail(
            ErrorKind::kUnsupported,
            fmt::format("{} {} has a rule with a set of its own, which could not be brought "
                        "back",
                        rules.table, chain),
            "look at it with nft list ruleset");
      }
      list.push_back(contentJson(rule));
    }
    kept.push_back(json::object{{"name", chain}, {"rules", std::move(list)}});
    batch.flushChain(placeIn(rules, chain));
  }
  for (const std::string& chain : gone) {
    batch.deleteChain(placeIn(rules, chain));
  }
  before["chains"] = std::move(kept);
  return before;
}

Status restoreChains(const json::object& before, const TableRules& now, ForeignBatch& batch) {
  const json::array& chains = fields::list(before, "chains");
  for (const json::value& chain : chains) {
    if (chain.is_object()) {
      batch.addChain(placeIn(now, fields::text(chain.get_object(), "name")));
    }
  }
  for (const json::value& chain : chains) {
    if (chain.is_object()) {
      TRY_VOID(restoreRules(chain.get_object(), now, batch));
    }
  }
  // Those behind the same neighbour come in their order if the last is put in first.
  const json::array& jumps = fields::list(before, "jumps");
  for (std::size_t i = jumps.size(); i-- > 0;) {
    if (jumps[i].is_object()) {
      TRY_VOID(restoreJump(jumps[i].get_object(), now, batch));
    }
  }
  return {};
}

Result<json::object> insertRule(const RawRule& rule, bool first, const TableRules& rules,
                                ForeignBatch& batch) {
  const auto chain = rules.chains.find(rule.chain);
  if (chain == rules.chains.end()) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("there is no chain {} in {}", rule.chain, rules.table),
                "its owner must make it");
  }
  // The kernel orders attributes in its own way, so the words are compared.
  const std::string text = ruleText(rule);
  for (const RawRule& there : chain->second) {
    if (ruleText(there) == text) {
      return fail(ErrorKind::kNotFound, "the rule is there already");
    }
  }
  batch.addRule(rule, {first, 0});
  json::object before = contentJson(rule);
  before["kind"] = "rule";
  putPlace(before, placeIn(rules, rule.chain));
  return before;
}

Status removeInserted(const json::object& before, const TableRules& now, ForeignBatch& batch) {
  const ChainPlace place = TRY(placeOfJson(before));
  const std::string text = ruleText(TRY(ruleOfJson(before, place)));
  const auto chain = now.chains.find(place.chain);
  if (chain != now.chains.end()) {
    for (const RawRule& rule : chain->second) {
      if (ruleText(rule) == text) {
        batch.deleteRule(place, rule.handle);
        return {};
      }
    }
  }
  return fail(ErrorKind::kNotFound, "the rule is gone already");
}

}  // namespace hitless::nft
