#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "core/dns/answer.h"
#include "core/dns/answer_repeater.h"
#include "core/dns/clients.h"
#include "core/dns/parking.h"
#include "core/dns/query_log.h"
#include "core/dns/traffic.h"

namespace hitless::dns {

/// A message as it came in, by whatever transport.
struct Incoming {
  ByteView packet;
  Transport transport = Transport::kUdp;
  IpAddress client;
  std::uint16_t port = 0;
};

/// Takes an answer that was not ready at once to its asker. Called at most once.
using Reply = std::function<void(ByteView message)>;

/// What is published at this moment.
struct View {
  const Zone& zone;
  const Clients& clients;
  MonoTime contact{};  ///< When the API server last said anything.
};

/// Names that are not the cluster's.
class Recursor {
 public:
  using Ticket = std::uint64_t;
  virtual ~Recursor() = default;
  /// Writes the answer if it is known; 0 if not. `out` has room for any.
  virtual std::size_t answerNow(const Query& query, Transport transport, MonoTime now,
                                std::span<std::uint8_t> out) = 0;
  /// The answer is brought by Responder::recursed(), never before this returns.
  virtual void ask(Ticket ticket, const Query& query, Transport transport) = 0;
};

struct ResponderOptions {
  ParkingOptions parking;
  /// Walk the search list of a pod of this node for it (CoreDNS: autopath).
  bool searchPath = true;
  LogClasses log;
  /// Repeat an answer from the zone for so long, whatever has changed; 0: never.
  seconds repeatFor{0};
};

/// What becomes of each query: answered from the zone, from the cache, later by an upstream, or
/// when a name appears. One for each thread that serves.
class Responder {
 public:
  using LogSink = std::function<void(const std::string& line)>;

  /// `log` may be empty if no class is logged.
  Responder(ResponderOptions options, Recursor& recursor, Rng& rng, LogSink log = {});

  /// Answers into `out` (kMaxMessage bytes) and gives the size. 0: there is no answer, or none yet;
  /// then `later` was called for the way to the asker.
  std::size_t receive(const View& view, const Incoming& incoming, MonoTime now,
                      std::span<std::uint8_t> out, const std::function<Reply()>& later);
  /// An upstream's answer; empty if there is none.
  void recursed(const View& view, Recursor::Ticket ticket, ByteView message, MonoTime now);
  /// Answers who waited for a name that is there now, or cannot come any more.
  void zoneChanged(const View& view, MonoTime now);
  /// Answers who have waited long enough; to be called at deadline().
  void tick(const View& view, MonoTime now);
  std::optional<MonoTime> deadline() const { return parking_.deadline(); }
  bool parked() const { return parking_.size() > 0; }
  /// How long the messages took together that receive() has answered since the last call: a clock
  /// read for each would cost more than some answers.
  void batchTook(nanoseconds duration);

  const Traffic& traffic() const { return traffic_; }

 private:
  struct Pending {
    std::vector<std::uint8_t> packet;
    Query query;  ///< Parsed from it.
    Incoming incoming;
    MonoTime arrived{};
    Reply reply;
    FollowUp followUp;  ///< Without candidates the upstream's answer is the answer.
  };

  std::size_t repeat(const Query& query, const Incoming& incoming, MonoTime now,
                     std::span<std::uint8_t> out);
  std::size_t refuseFault(QueryFault fault, const Query& query, std::span<std::uint8_t> out);
  AnswerContext contextFor(const View& view, const Incoming& incoming, MonoTime now, bool mayPark);
  Pending& keep(Recursor::Ticket ticket, const Incoming& incoming, MonoTime now, Reply reply);
  bool park(const Incoming& incoming, MonoTime now, const std::function<Reply()>& later);
  void askNext(const View& view, Recursor::Ticket ticket, MonoTime now);
  void retry(const View& view, Parking::Ticket ticket, MonoTime now, bool mayPark);
  void complete(Pending pending, ByteView message, Source source, MonoTime now);
  void count(const Query& query, const Incoming& incoming, ByteView answer, Source source);
  void log(const LogEntry& entry, const Query& query, ByteView answer);
  std::uint64_t nextRandom();

  ResponderOptions options_;
  Recursor& recursor_;
  LogSink log_;
  std::uint64_t random_;
  std::optional<AnswerRepeater> repeater_;
  Parking parking_;
  Traffic traffic_;
  struct {
    std::uint64_t own = 0;
    std::uint64_t elsewhere = 0;
  } untimed_;  ///< Answers since the last batchTook().
  Recursor::Ticket nextTicket_ = 1;
  std::map<Recursor::Ticket, Pending> asked_;
  std::map<Parking::Ticket, Pending> waiting_;
  std::vector<std::uint8_t> scratch_;
};

}  // namespace hitless::dns
