#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "core/nft/foreign/dedupe_plan.h"
#include "core/nft/foreign/requests.h"

/// Bringing back what one transaction of a DedupeChain took out.
namespace hitless::nft {

/// Rules that were taken out between two that stayed.
struct GoneRun {
  std::uint32_t behind = 0;          ///< Which of `kept` they stood behind.
  std::vector<std::uint32_t> rules;  ///< Contents, in order.
};

struct DedupeUndo {
  ChainPlace place;
  std::string round;                ///< The same for all attempts at one step.
  std::uint64_t firstGone = 0;      ///< Handle: if it is still there, nothing was done.
  std::vector<RawRule> distinct;    ///< Contents; counters are zero.
  std::vector<std::uint32_t> kept;  ///< Contents of the rules that stayed, in order.
  std::vector<GoneRun> gone;        ///< In order.
};

/// Of a plan that takes something out.
DedupeUndo dedupeUndo(const ChainPlace& place, std::span<const RawRule> rules,
                      const DedupePlan& plan, std::string round);

boost::json::object render(const DedupeUndo& undo);
Result<DedupeUndo> parseDedupeUndo(const boost::json::object& object);

/// Adds to the batch what puts the rules back into a chain whose beginning is `now`. kConflict: the
/// rules that stayed are not there as they were. kNotFound: nothing was taken out.
Status restore(const DedupeUndo& undo, std::span<const RawRule> now, ForeignBatch& batch);

}  // namespace hitless::nft
