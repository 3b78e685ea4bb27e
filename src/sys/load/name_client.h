#pragma once

#include <map>
#include <memory>

#include "core/load/name_lookup.h"
#include "sys/load/poller.h"

namespace hitless::sys {

/// What /etc/resolv.conf says, or `only` in place of its servers. Nobody, if it cannot be read.
load::NameServers readNameServers(const std::optional<IpAddress>& only);

/// Asks name servers by UDP, any number of questions at a time, on the load's own loop. Nothing is
/// kept: each question is asked.
class NameClient {
 public:
  /// Tags of the poller's events that are for onReadable() have this bit.
  static constexpr std::uint64_t kTag = 1ULL << 62;

  struct Answer {
    std::size_t asker = 0;
    std::vector<IpAddress> addresses;
    std::string error;  ///< Where there are no addresses.
  };

  /// All must outlive the client.
  NameClient(load::NameServers servers, Rng& rng, Poller& poller)
      : servers_(std::move(servers)), rng_(rng), poller_(poller) {}

  /// The answer will be among take()'s, under this asker's number.
  void start(std::size_t asker, const std::string& host, MonoTime now);
  void onReadable(std::uint64_t tag, MonoTime now);
  std::optional<MonoTime> deadline() const;
  void tick(MonoTime now);
  std::vector<Answer> take() { return std::exchange(answers_, {}); }

 private:
  struct Question {
    std::size_t asker;
    load::NameLookup lookup;
    Fd socket;
    MonoTime deadline{};
  };

  /// False: the question is answered, and gone.
  bool proceed(std::uint64_t id, load::NameLookup::Step step, MonoTime now);
  bool send(std::uint64_t id, Question& question, MonoTime now);

  load::NameServers servers_;
  Rng& rng_;
  Poller& poller_;
  std::map<std::uint64_t, Question> questions_;  ///< By tag.
  std::vector<Answer> answers_;
  std::uint64_t lastId_ = 0;
};

}  // namespace hitless::sys
