#include "sys/doctor/round_trip.h"

#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "sys/container/fd.h"
#include "sys/netlink/link.h"

namespace hitless::sys {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// What a datagram may take: a million rules take 0.3 s for one that goes and comes.
constexpr timeval kPatience{0, 500'000};
/// More lost ones tell no more.
constexpr std::uint32_t kMaxLost = 2;

struct Trips {
  std::vector<nanoseconds> times;  ///< In the order in which they were made.
  std::uint32_t lost = 0;
};

Result<Fd> udpSocket() {
  Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!fd.valid() || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
    return osFail("cannot make a socket on 127.0.0.1");
  }
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  return fd;
}

Status connectTo(const Fd& from, const Fd& to) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(to.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      ::connect(from.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    return osFail("cannot connect a socket on 127.0.0.1");
  }
  return {};
}

/// A byte there and a byte back; false if one was lost or refused.
bool oneTrip(const Fd& client, const Fd& server, char number) {
  char got = 0;
  return ::send(client.get(), &number, 1, 0) == 1 && ::recv(server.get(), &got, 1, 0) == 1 &&
         ::send(server.get(), &got, 1, 0) == 1 && ::recv(client.get(), &got, 1, 0) == 1;
}

Result<Trips> makeTrips(std::uint32_t count, nanoseconds budget) {
  const Fd server = TRY(udpSocket());
  const Fd client = TRY(udpSocket());
  TRY_VOID(connectTo(client, server));
  TRY_VOID(connectTo(server, client));
  Trips trips;
  const auto begin = SteadyClock::now();
  for (std::uint32_t i = 0; i < count && SteadyClock::now() - begin < budget; ++i) {
    const auto start = SteadyClock::now();
    if (oneTrip(client, server, static_cast<char>(i))) {
      trips.times.push_back(SteadyClock::now() - start);
    } else if (++trips.lost >= kMaxLost) {
      break;
    }
  }
  return trips;
}

/// The same in a namespace that has nothing but a loopback interface. Its thread ends it.
Result<Trips> makeTripsInEmpty(std::uint32_t count, nanoseconds budget) {
  Result<Trips> trips;
  std::thread inside([&] {
    if (::unshare(CLONE_NEWNET) != 0) {
      trips = osFail("cannot make a network namespace to compare with");
      return;
    }
    auto links = Links::open();
    const Status up = links ? links->setUp("lo") : Status(tl::unexpected(links.error()));
    trips = up ? makeTrips(count, budget) : Result<Trips>(tl::unexpected(up.error()));
  });
  inside.join();
  return trips;
}

nanoseconds median(std::vector<nanoseconds> times) {
  if (times.empty()) {
    return {};
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

}  // namespace

Result<doctor::RoundTrip> measureRoundTrip(std::uint32_t trips, nanoseconds budget) {
  const Trips empty = TRY(makeTripsInEmpty(trips, budget));
  const Trips here = TRY(makeTrips(trips, budget));
  doctor::RoundTrip result;
  result.empty = median(empty.times);
  result.here = median(here.times);
  result.first = here.times.empty() ? nanoseconds() : here.times.front();
  result.trips = static_cast<std::uint32_t>(here.times.size());
  result.lost = here.lost;
  return result;
}

Result<std::string> roundTripEvidence() {
  return doctor::renderRoundTrip(TRY(measureRoundTrip()));
}

}  // namespace hitless::sys
