#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/service/plan.h"

/// Which endpoint is in which slot of a service port.
///
/// The rules draw a random slot below a power of two, the smallest that is not less than the number
/// of endpoints, because each modulus takes a rule of its own. More than half of those slots are
/// filled; a draw that hits an empty one is repeated.
namespace hitless::rules {

/// The powers of two that rules exist for: 2^0 .. 2^(kSlotSizes - 1).
inline constexpr std::uint32_t kSlotSizes = 15;
/// How many endpoints of one service port are used; further ones get no connections.
inline constexpr std::size_t kMaxSlots = std::size_t{1} << (kSlotSizes - 1);

/// The endpoints by slot, without gaps. Keeps every endpoint of `previous` that is still wanted in
/// its slot, except that the last ones move into slots that became free; new ones come behind. So
/// one endpoint more or less changes one or two slots.
std::vector<service::Target> assignSlots(std::span<const service::Target> previous,
                                         std::span<const service::Target> wanted);

}  // namespace hitless::rules
