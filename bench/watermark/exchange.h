#pragma once

#include <limits>
#include <map>
#include <unordered_map>
#include <utility>

#include "rollout.h"

namespace hitless::bench {

/// What an exchange costs, and how long gates wait with it.
struct Outcome {
  std::vector<double> waits;  ///< Of the gates that were simulated, sorted.
  std::size_t timedOut = 0;
  double questions = 0;
  double bytes = 0;
  double busiest = 0;  ///< Questions that the busiest node takes part in, in its busiest second.
  double open = 0;     ///< Long polls that one node keeps open at most.
};

/// Questions and answers in virtual time. Parties ask peers, each the smallest revision that it
/// waits for and the peer is not known to have passed, one question to a peer at a time, as
/// core/drain/peers.cc does. A party is a gate or a relay; a relay's watermark is the lowest that
/// its members have told it.
class Exchange {
 public:
  Exchange(const Parameters& parameters, const Cluster& cluster, Random& random)
      : parameters_(parameters),
        cluster_(cluster),
        random_(random),
        busy_(cluster.size(), 0),
        perSecond_(cluster.size()),
        open_(cluster.size(), 0) {}

  struct Peer {
    std::uint32_t node = 0;
    std::int32_t relay = -1;  ///< The party that answers for it; else the node itself.
    std::uint32_t known = 0;  ///< Its watermark, as far as has been answered.
    bool asked = false;
    double retryAt = 0;
  };

  /// `weight`: as many parties as this one stands for, where only a part of the gates is simulated.
  std::size_t addParty(std::uint32_t node, std::vector<Peer> peers, double weight) {
    Party party;
    party.node = node;
    party.weight = weight;
    party.peers = std::move(peers);
    parties_.push_back(std::move(party));
    return parties_.size() - 1;
  }
  /// A gate begins to wait for a revision at this time; the hook came at `hook`.
  void want(std::size_t party, std::uint32_t revision, double time, double hook) {
    events_.push({time, Event::kWant, static_cast<std::uint32_t>(party), revision, 0, hook});
  }

  Outcome run() {
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.time;
      switch (event.kind) {
        case Event::kWant:
          begin(event);
          break;
        case Event::kOwn:
          pass(parties_[event.party], event.revision, event.revision + 1, now_);
          break;
        case Event::kArrives:
          arrive(event);
          break;
        case Event::kExpires:
          expire(event);
          break;
        case Event::kAnswers:
          learn(event);
          break;
        case Event::kAgain:
          askOne(event.party, event.peer);
          break;
      }
    }
    for (const Party& party : parties_) {
      for (const auto& [revision, wanted] : party.wanted) {
        if (wanted.hook >= 0) {  // Its gate has given up.
          finish(wanted, wanted.hook + 2 * parameters_.budget);
        }
      }
    }
    std::sort(outcome_.waits.begin(), outcome_.waits.end());
    for (const auto& seconds : perSecond_) {
      for (const auto& [second, count] : seconds) {
        outcome_.busiest = std::max(outcome_.busiest, count);
      }
    }
    outcome_.bytes = outcome_.questions * parameters_.questionBytes;
    return outcome_;
  }

 private:
  struct Event {
    enum Kind : std::uint8_t { kWant, kOwn, kArrives, kExpires, kAnswers, kAgain };
    double time = 0;
    Kind kind = kWant;
    std::uint32_t party = 0;
    std::uint32_t peer = 0;      ///< Its number at the party; for kWant the revision.
    std::uint32_t revision = 0;  ///< Asked for, or answered; kFailed.
    double hook = 0;
    bool operator<(const Event& other) const { return time > other.time; }
  };
  static constexpr std::uint32_t kFailed = std::numeric_limits<std::uint32_t>::max();

  struct Wanted {
    std::size_t behind = 0;
    double hook = 0;
    std::vector<Event> guests;  ///< Questions to a relay that wait for it.
  };
  struct Party {
    std::uint32_t node = 0;
    double weight = 1;
    std::vector<Peer> peers;
    std::multimap<std::uint32_t, Wanted> wanted;  ///< by revision
  };

  double travel() {
    const double late = uniform(random_, 0, 1) < parameters_.hiccup ? parameters_.hiccupTime : 0;
    return parameters_.oneWay + std::exponential_distribution<double>(1 / 0.1e-3)(random_) +
           uniform(random_, 0, 1) * late;
  }
  /// The node's one thread works; gives when it is done with one of `times` equal pieces.
  double work(std::uint32_t node, double time, double cpu, double times) {
    const double begin = std::max(busy_[node], time);
    busy_[node] = begin + cpu * times;
    return begin + cpu * (1 + std::floor(uniform(random_, 0, times)));
  }

  void begin(const Event& event) {
    Party& party = parties_[event.party];
    const std::uint32_t revision = event.peer;
    Wanted wanted;
    wanted.hook = event.hook;
    for (const Peer& peer : party.peers) {
      wanted.behind += peer.known <= revision ? 1 : 0;
    }
    if (const double own = cluster_.committed(party.node, revision); own > now_) {
      ++wanted.behind;
      events_.push({own, Event::kOwn, event.party, 0, revision, 0});
    }
    if (wanted.behind == 0) {
      return finish(wanted, now_);
    }
    party.wanted.emplace(revision, std::move(wanted));
    for (std::uint32_t i = 0; i < party.peers.size(); ++i) {
      askOne(event.party, i);
    }
  }

  /// Asks the peer for the smallest revision that it is needed for.
  void askOne(std::uint32_t number, std::uint32_t index) {
    Party& party = parties_[number];
    Peer& peer = party.peers[index];
    const auto next = party.wanted.lower_bound(peer.known);
    if (peer.asked || peer.retryAt > now_ || next == party.wanted.end()) {
      return;
    }
    if (next->second.hook >= 0 && now_ > next->second.hook + parameters_.budget) {
      return;  // Its gate has given up.
    }
    peer.asked = true;
    const double sent = work(party.node, now_, parameters_.askCpu / 2, 1);
    const double syn = uniform(random_, 0, 1) < parameters_.lostSyn ? 1.0 : 0.0;
    count(party.node, sent, 1);  // Those of one gate; what others ask it is counted as answers.
    outcome_.questions += party.weight;
    events_.push({sent + syn + 2 * travel(), Event::kArrives, number, index, next->first, 0});
  }

  void count(std::uint32_t node, double time, double number) {
    perSecond_[node][static_cast<std::int64_t>(time)] += number;
  }

  void arrive(const Event& event) {
    const Party& party = parties_[event.party];
    const Peer& peer = party.peers[event.peer];
    if (cluster_.down(peer.node, now_)) {
      return reply(event, kFailed, now_);
    }
    count(peer.node, now_, party.weight);
    const double ready = work(peer.node, now_, parameters_.answerCpu, party.weight);
    open_[peer.node] += party.weight;
    outcome_.open = std::max(outcome_.open, open_[peer.node]);
    if (peer.relay >= 0) {
      return askRelay(event, static_cast<std::uint32_t>(peer.relay), ready);
    }
    const double passed = cluster_.committed(peer.node, event.revision);
    const double time = std::max(ready, std::min(passed, now_ + parameters_.poll));
    reply(event, cluster_.watermark(peer.node, time), time);
  }

  void askRelay(const Event& event, std::uint32_t relay, double ready) {
    Party& party = parties_[relay];
    const std::uint32_t lowest = lowestOf(party);
    if (lowest > event.revision) {
      return reply(event, lowest, ready);
    }
    auto wanted = party.wanted.find(event.revision);
    if (wanted == party.wanted.end()) {
      Wanted fresh;
      fresh.hook = -1;
      for (const Peer& peer : party.peers) {
        fresh.behind += peer.known <= event.revision ? 1 : 0;
      }
      wanted = party.wanted.emplace(event.revision, std::move(fresh));
      for (std::uint32_t i = 0; i < party.peers.size(); ++i) {
        askOne(relay, i);
      }
    }
    wanted->second.guests.push_back(event);
    events_.push({now_ + parameters_.poll, Event::kExpires, event.party, event.peer, event.revision,
                  static_cast<double>(relay)});
  }

  /// A relay's long poll is over: it tells how far it has come.
  void expire(const Event& event) {
    Party& party = parties_[static_cast<std::size_t>(event.hook)];
    const auto [from, to] = party.wanted.equal_range(event.revision);
    for (auto wanted = from; wanted != to; ++wanted) {
      const auto late = std::erase_if(wanted->second.guests, [&](const Event& guest) {
        return guest.party == event.party && guest.peer == event.peer;
      });
      if (late > 0) {
        reply(event, lowestOf(party), now_);
      }
    }
  }
  static std::uint32_t lowestOf(const Party& party) {
    std::uint32_t lowest = kFailed - 1;
    for (const Peer& peer : party.peers) {
      lowest = std::min(lowest, peer.known);
    }
    return lowest;
  }

  void reply(const Event& question, std::uint32_t watermark, double time) {
    events_.push({time + travel(), Event::kAnswers, question.party, question.peer, watermark, 0});
  }

  void learn(const Event& event) {
    Party& party = parties_[event.party];
    Peer& peer = party.peers[event.peer];
    peer.asked = false;
    const bool failed = event.revision == kFailed;
    open_[peer.node] -= failed ? 0 : party.weight;
    const double done = work(party.node, now_, parameters_.askCpu / 2, 1);
    if (!failed && event.revision > peer.known) {
      pass(party, std::exchange(peer.known, event.revision), event.revision, done);
    }
    const double pause = failed ? parameters_.retryFailed : parameters_.retryBehind;
    peer.retryAt = done + pause;
    events_.push({peer.retryAt, Event::kAgain, event.party, event.peer, 0, 0});
  }

  /// A peer (or the own node) has passed the revisions in [from, to).
  void pass(Party& party, std::uint32_t from, std::uint32_t to, double time) {
    auto wanted = party.wanted.lower_bound(from);
    while (wanted != party.wanted.end() && wanted->first < to) {
      if (--wanted->second.behind > 0) {
        ++wanted;
        continue;
      }
      for (const Event& guest : wanted->second.guests) {
        reply(guest, lowestOf(party), time);
      }
      if (wanted->second.hook >= 0) {
        finish(wanted->second, time);
      }
      wanted = party.wanted.erase(wanted);
    }
  }

  void finish(const Wanted& wanted, double time) {
    const double wait = time - wanted.hook;
    outcome_.timedOut += wait > parameters_.budget ? 1 : 0;
    outcome_.waits.push_back(std::min(wait, parameters_.budget));
  }

  const Parameters& parameters_;
  const Cluster& cluster_;
  Random& random_;
  double now_ = 0;
  std::vector<double> busy_;  ///< Until when each node's agent is at work.
  std::vector<std::unordered_map<std::int64_t, double>> perSecond_;
  std::vector<double> open_;
  std::vector<Party> parties_;
  std::priority_queue<Event> events_;
  Outcome outcome_;
};

}  // namespace hitless::bench
