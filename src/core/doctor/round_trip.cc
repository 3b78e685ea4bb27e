#include "core/doctor/round_trip.h"

#include <boost/json/serialize.hpp>

#include "core/doctor/json_fields.h"

namespace hitless::doctor {
namespace {

nanoseconds timeFrom(const boost::json::object& from, std::string_view key) {
  return nanoseconds(std::max<std::int64_t>(fields::integer(from, key).value_or(0), 0));
}

}  // namespace

nanoseconds RoundTrip::addedPerPacket() const {
  return here > empty ? (here - empty) / 2 : nanoseconds();
}

std::string renderRoundTrip(const RoundTrip& trip) {
  return boost::json::serialize(boost::json::object{{"hereNs", trip.here.count()},
                                                    {"emptyNs", trip.empty.count()},
                                                    {"firstNs", trip.first.count()},
                                                    {"trips", trip.trips},
                                                    {"lost", trip.lost}});
}

Result<RoundTrip> parseRoundTrip(std::string_view json) {
  const auto from = TRY(fields::parseObject(json, "the round trip"));
  RoundTrip trip;
  trip.here = timeFrom(from, "hereNs");
  trip.empty = timeFrom(from, "emptyNs");
  trip.first = timeFrom(from, "firstNs");
  trip.trips = fields::small<std::uint32_t>(from, "trips");
  trip.lost = fields::small<std::uint32_t>(from, "lost");
  return trip;
}

}  // namespace hitless::doctor
