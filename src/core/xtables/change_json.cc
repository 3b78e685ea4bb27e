#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "core/doctor/json_fields.h"
#include "core/kube/base64.h"
#include "core/xtables/change.h"

namespace hitless::xtables {
namespace {

namespace json = boost::json;
namespace fields = doctor::fields;

/// More than a table can have; what a hostile file may make us allocate.
constexpr std::uint64_t kMostRules = std::uint64_t{4} << 20;

json::array formsJson(const std::vector<RuleForm>& forms) {
  json::array list;
  for (const RuleForm& form : forms) {
    const std::string_view bytes(reinterpret_cast<const char*>(form.entry.data()),
                                 form.entry.size());
    list.push_back(json::object{
        {"entry", kube::base64Encode(bytes)}, {"on", form.on}, {"leadsTo", form.leadsTo}});
  }
  return list;
}

Result<std::vector<RuleForm>> formsFrom(const json::object& object, std::string_view key,
                                        IpFamily family) {
  std::vector<RuleForm> forms;
  for (const json::value& value : fields::list(object, key)) {
    if (!value.is_object()) {
      return invalid("a rule is no object");
    }
    const auto bytes = kube::base64Decode(fields::text(value.get_object(), "entry"));
    if (!bytes) {
      return invalid("a rule's entry is no base64");
    }
    RuleForm form;
    form.entry.assign(bytes->begin(), bytes->end());
    form.on = fields::flag(value.get_object(), "on");
    form.leadsTo = fields::text(value.get_object(), "leadsTo");
    const Entry entry = TRY(Entry::checked(form.entry, family));
    const bool leads = form.on || !form.leadsTo.empty();
    if (entry.size() != form.entry.size() || (leads && !entry.verdict())) {
      return invalid("a rule's entry is not one");
    }
    forms.push_back(std::move(form));
  }
  return forms;
}

/// How an order goes on by itself: from `written` on each is the same as `period` before it. The
/// incident's chain is the same few rules again and again.
struct Rhythm {
  std::size_t written = 0;
  std::size_t period = 1;
};

Rhythm rhythmOf(const std::vector<std::uint32_t>& order) {
  constexpr std::size_t kLongest = 64;
  Rhythm best{order.size(), 1};
  for (std::size_t period = 1; period < order.size() && period <= kLongest; ++period) {
    std::size_t written = order.size();
    while (written > period && order[written - 1] == order[written - 1 - period]) {
      --written;
    }
    if (written < best.written) {
      best = {written, period};
    }
  }
  return best;
}

json::object chainJson(const ChainChange& change) {
  json::array runs;
  for (const Run& run : change.removed) {
    runs.push_back(json::array{run.start, run.count});
  }
  json::array order;
  const Rhythm rhythm = rhythmOf(change.order);
  for (std::size_t i = 0; i < rhythm.written; ++i) {
    order.push_back(change.order[i]);
  }
  return {{"chain", change.chain},
          {"deleted", change.deleted},
          {"rulesBefore", change.rulesBefore},
          {"distinct", formsJson(change.distinct)},
          {"removed", std::move(runs)},
          {"order", std::move(order)},
          {"period", rhythm.period},
          {"inserted", formsJson(change.inserted)}};
}

std::optional<std::uint32_t> numberOf(const json::value& value) {
  boost::system::error_code failed;
  const auto number = value.to_number<std::uint32_t>(failed);
  return failed ? std::nullopt : std::optional(number);
}

Status readRuns(const json::object& object, ChainChange& change, std::uint64_t& total) {
  for (const json::value& value : fields::list(object, "removed")) {
    const json::array* pair = value.if_array();
    const auto start = pair != nullptr && pair->size() == 2 ? numberOf((*pair)[0]) : std::nullopt;
    const auto count = start ? numberOf((*pair)[1]) : std::nullopt;
    if (!count) {
      return invalid("removed rules are no pairs of numbers");
    }
    change.removed.push_back({*start, *count});
    total += *count;
    if (total > kMostRules) {
      return invalid("more rules than a table has");
    }
  }
  return {};
}

Status readOrder(const json::object& object, ChainChange& change, std::uint64_t total) {
  for (const json::value& value : fields::list(object, "order")) {
    const auto number = numberOf(value);
    if (!number || *number >= change.distinct.size() || change.order.size() == total) {
      return invalid("the order names a rule that is not there");
    }
    change.order.push_back(*number);
  }
  const auto period = fields::small<std::uint32_t>(object, "period");
  if (change.order.size() < total && (period == 0 || period > change.order.size())) {
    return invalid("removed rules have no order");
  }
  while (change.order.size() < total) {
    change.order.push_back(change.order[change.order.size() - period]);
  }
  return {};
}

Result<ChainChange> chainFrom(const json::object& object, IpFamily family) {
  ChainChange change;
  change.chain = fields::text(object, "chain");
  change.deleted = fields::flag(object, "deleted");
  change.rulesBefore = fields::small<std::uint32_t>(object, "rulesBefore");
  change.distinct = TRY(formsFrom(object, "distinct", family));
  change.inserted = TRY(formsFrom(object, "inserted", family));
  std::uint64_t total = 0;
  TRY_VOID(readRuns(object, change, total));
  TRY_VOID(readOrder(object, change, total));
  return change;
}

}  // namespace

json::object toJson(const TableInfo& table, const Change& change) {
  json::array chains;
  for (const ChainChange& one : change) {
    chains.push_back(chainJson(one));
  }
  return {{"family", table.family == IpFamily::kV4 ? "ip" : "ip6"},
          {"table", table.name},
          {"chains", std::move(chains)}};
}

Result<Change> changeFromJson(const json::object& object, IpFamily family) {
  Change change;
  for (const json::value& value : fields::list(object, "chains")) {
    if (!value.is_object()) {
      return invalid("a changed chain is no object");
    }
    change.push_back(TRY(chainFrom(value.get_object(), family)));
  }
  return change;
}

}  // namespace hitless::xtables
