#include "sys/doctor/conntrack_repairer.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>

namespace hitless::sys {
namespace {

using conntrack::Flow;
using conntrack::Tuple;
using doctor::Action;
using doctor::DeleteFlows;

constexpr std::size_t kShown = 5;

/// The entries that are still there.
Result<std::vector<Flow>> present(conntrack::FlowTable& table, std::span<const Action> actions) {
  std::vector<Flow> flows;
  for (const Action& action : actions) {
    const auto* wanted = std::get_if<DeleteFlows>(&action);
    for (std::size_t at = 0; wanted != nullptr && at < wanted->flows.size(); ++at) {
      const Tuple& tuple = wanted->flows[at];
      if (auto flow = TRY(table.find(tuple)); flow && flow->original == tuple) {
        flows.push_back(std::move(*flow));
      }
    }
  }
  return flows;
}

}  // namespace

bool ConntrackRepairer::canDo(const Action& action) const {
  return std::holds_alternative<DeleteFlows>(action);
}

Result<std::vector<std::string>> ConntrackRepairer::plan(const Action& action) {
  const auto flows = TRY(present(table_, {&action, 1}));
  std::vector<std::string> lines = {
      fmt::format("{} entries of the connection table go; --undo does not bring them back, the "
                  "next packet of a flow makes a new one",
                  flows.size())};
  for (std::size_t at = 0; at < flows.size() && at < kShown; ++at) {
    lines.push_back(flows[at].text());
  }
  if (flows.size() > kShown) {
    lines.push_back(fmt::format("and {} more", flows.size() - kShown));
  }
  return lines;
}

Status ConntrackRepairer::apply(std::span<const Action> actions, doctor::UndoLog& log) {
  deleted_ = TRY(present(table_, actions));
  if (deleted_.empty()) {
    return fail(ErrorKind::kNotFound, "the entries of the connection table are gone already");
  }
  boost::json::array texts;
  for (const Flow& flow : deleted_) {
    texts.emplace_back(flow.text());
  }
  TRY_VOID(log.record({name(), {{"deleted", std::move(texts)}}}));
  for (const Flow& flow : deleted_) {
    TRY_VOID(table_.remove(flow));
  }
  return {};
}

Status ConntrackRepairer::verify(std::span<const Action> actions) {
  const auto flows = TRY(present(table_, actions));
  for (const Flow& flow : flows) {
    for (const Flow& old : deleted_) {
      // A newer one of the same tuple that leads elsewhere is what was wanted.
      if (old.original == flow.original && old.reply == flow.reply && old.id == flow.id) {
        return fail(ErrorKind::kConflict, fmt::format("{} is still there", flow.text()));
      }
    }
  }
  return {};
}

Status ConntrackRepairer::undo(const doctor::UndoEntry&) {
  return fail(ErrorKind::kUnsupported,
              "entries of the connection table are not brought back: the next packet of a flow "
              "makes a new one by the rules as they are then");
}

}  // namespace hitless::sys
