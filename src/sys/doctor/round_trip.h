#pragma once

#include <string>

#include "base/error.h"
#include "core/doctor/round_trip.h"

namespace hitless::sys {

/// Sends datagrams over the loopback interface of the thread's network namespace and over that of
/// an empty one, made for this and gone afterwards. At most `trips` of each, and no new one after
/// `budget` has been used up here. Needs CAP_SYS_ADMIN.
Result<doctor::RoundTrip> measureRoundTrip(std::uint32_t trips = 48,
                                           nanoseconds budget = milliseconds(50));

/// Evidence doctor::names::kRoundTrip.
Result<std::string> roundTripEvidence();

}  // namespace hitless::sys
