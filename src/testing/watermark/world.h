#pragma once

#include <memory>
#include <string>
#include <vector>

#include "testing/fake_rng.h"
#include "testing/watermark/judge.h"

namespace hitless::testing::watermark {

struct WorldOptions {
  std::uint64_t seed = 1;
  int nodes = 3;
  bool watchList = true;
  Defect defect = Defect::kNone;
};

/// A cluster in which everything happens late, in any order between watches, and often not at all.
class World {
 public:
  explicit World(const WorldOptions& options)
      : rng_(options.seed),
        chance_(rng_),
        queue_(clock_),
        workload_(queue_, rng_, api_),
        judge_(workload_,
               [this](const std::string& node) -> const Kernel& { return place(node).kernel; }),
        outside_{queue_,
                 clock_,
                 rng_,
                 api_,
                 options.defect,
                 [this](Agent& agent, const drain::Ask& ask) { carry(agent, ask); },
                 [this](Agent& agent, const std::string& uid, const drain::GateVerdict& verdict) {
                   judge_.released(agent, uid, verdict, queue_.now());
                   endSoon(uid);
                 },
                 [this](Agent& agent) { judge_.committed(agent); },
                 [this](std::string what) { judge_.violated(std::move(what)); }} {
    api_.watchList = options.watchList;
    api_.onNews = [this](Kind kind) { pump(kind); };
    for (int number = 1; number <= options.nodes; ++number) {
      Place place;
      place.name = fmt::format("n{}", number);
      places_.push_back(std::move(place));
    }
    for (Place& place : places_) {
      setNode(place, true);
      start(place);
    }
    for (int i = 0; i < 3; ++i) {
      workload_.changeService();
    }
    for (int i = 0; i < 2 * options.nodes; ++i) {
      workload_.create(chance_.pick(places_).name);
    }
    run(seconds(2));
  }

  const Judge& judge() const { return judge_; }
  void run(nanoseconds time) { queue_.runUntil(queue_.now() + time); }

  /// Something happens; what, `choice` says.
  void act(unsigned choice) {
    const unsigned kind = choice % 22;
    Place& place = places_[choice / 64 % places_.size()];
    const auto running = workload_.running();
    if (kind < 4 || running.empty()) {
      workload_.create(place.name);
    } else if (kind < 13) {
      changePod(kind, running[choice / 64 % running.size()]);
    } else {
      disturb(kind, place);
    }
  }

  /// Everything works again: every hook that is still held must be answered.
  void heal() {
    for (Place& place : places_) {
      setNode(place, true);
    }
    for (int i = 0; i < 10; ++i) {
      bookmarks();
      run(seconds(6));
    }
    for (const Place& place : places_) {
      if (place.agent != nullptr && place.agent->held() > 0) {
        judge_.violated(fmt::format("{} holds {} hooks for ever", place.name, place.agent->held()));
      }
    }
  }

 private:
  struct Place {
    std::string name;
    Kernel kernel;
    Agent* agent = nullptr;  ///< nullptr: none runs.
    nanoseconds commitTime{};
    MonoTime cutUntil{};  ///< Partitioned.
  };

  Place& place(const std::string& name) {
    return *std::find_if(places_.begin(), places_.end(),
                         [&](const Place& place) { return place.name == name; });
  }
  bool cut(const Place& place) const { return place.cutUntil > queue_.now(); }

  void changePod(unsigned kind, const std::string& uid) {
    switch (kind) {
      case 9:
        return workload_.relabel(uid);
      case 10:
        return workload_.setReady(uid, chance_.one(2));
      case 11:
        return workload_.changeService();
      case 12:
        return callHook(uid);  // A container restarts.
      default:
        return end(uid);
    }
  }

  void disturb(unsigned kind, Place& place) {
    switch (kind) {
      case 13:
        return setNode(place, chance_.one(2));
      case 14:
        return removeNode(place);
      case 15:
        return partition(place, chance_.between(milliseconds(100), seconds(30)));
      case 16:
        return eachStream(place, [&](Stream& one) { one.stall(chance_.lag()); });
      case 17:
        return eachStream(place, [&](Stream& one) { one.disconnect(chance_.one(2)); });
      case 18:
        return compact();
      case 19:
        return restart(place);
      case 20:
        place.commitTime = chance_.lag();
        return;
      default:
        return bookmarks();
    }
  }

  template <class Act>
  void eachStream(Place& place, Act act) {
    for (const Kind kind : {Kind::kPods, Kind::kServices, Kind::kSlices, Kind::kNodes}) {
      if (place.agent != nullptr && chance_.one(2)) {
        act(place.agent->stream(kind));
      }
    }
  }
  void pump(Kind kind) {
    for (const Place& place : places_) {
      if (place.agent != nullptr) {
        place.agent->stream(kind).pump();
      }
    }
  }
  void bookmarks() {
    for (Place& place : places_) {
      eachStream(place, [](Stream& one) { one.bookmark(); });
    }
  }
  void compact() {
    for (const Kind kind : {Kind::kPods, Kind::kServices, Kind::kSlices, Kind::kNodes}) {
      api_.compact(kind);
    }
  }

  void start(Place& place) {
    agents_.push_back(
        std::make_unique<Agent>(outside_, place.name, place.kernel, place.commitTime));
    place.agent = agents_.back().get();
    if (outside_.defect == Defect::kAcknowledgesUnsynced) {
      place.agent->inherit(api_.revision());
    }
  }
  void restart(Place& place) {
    if (place.agent == nullptr) {
      return;
    }
    for (const std::string& uid : place.agent->stop()) {
      endSoon(uid);  // The kubelet takes a broken hook for a finished one.
    }
    place.agent = nullptr;
    queue_.in(chance_.lag(), [this, &place] { start(place); });
  }
  void partition(Place& place, nanoseconds time) {
    place.cutUntil = queue_.now() + time;
    for (const Kind kind : {Kind::kPods, Kind::kServices, Kind::kSlices, Kind::kNodes}) {
      if (place.agent != nullptr) {
        place.agent->stream(kind).stall(time);
      }
    }
    if (chance_.one(2)) {
      queue_.in(chance_.lag(), [this, &place] { setNode(place, false); });
      queue_.at(place.cutUntil + chance_.lag(), [this, &place] { setNode(place, true); });
    }
  }

  void setNode(const Place& place, bool ready) {
    api_.put(
        Kind::kNodes, place.name, "",
        fmt::format(R"(,"status":{{"addresses":[{{"type":"InternalIP","address":"10.0.0.1"}}],)"
                    R"("conditions":[{{"type":"Ready","status":"{}"}}]}})",
                    ready ? "True" : "Unknown"));
  }
  void removeNode(Place& place) {
    api_.remove(Kind::kNodes, place.name);
    queue_.in(chance_.lag(), [this, &place] { setNode(place, true); });
  }

  /// A pod is deleted; the kubelet sees it and calls the hook, whatever the agent knows by then.
  void end(const std::string& uid) {
    workload_.markDeleted(uid);
    queue_.in(chance_.lag(), [this, uid] { callHook(uid); });
  }
  void callHook(const std::string& uid) {
    if (Agent* agent = place(workload_.pod(uid).node).agent) {
      agent->hold(uid);
    } else {
      endSoon(uid);
    }
  }
  void endSoon(const std::string& uid) {
    if (workload_.pod(uid).now().deleted) {
      queue_.in(chance_.lag(), [this, uid] { workload_.remove(uid); });
    }
  }

  /// Takes a question to a peer's agent and its answer back.
  void carry(Agent& from, const drain::Ask& ask) {
    const auto reply = [this, &from, node = ask.node](std::optional<std::uint64_t> watermark) {
      queue_.in(chance_.lag(), [&from, node, watermark] {
        if (!from.stopped()) {
          from.answered(node, watermark);
        }
      });
    };
    if (cut(place(from.node())) || cut(place(ask.node))) {
      return queue_.in(seconds(7), [reply] { reply(std::nullopt); });
    }
    queue_.in(chance_.lag(), [this, reply, ask] {
      Agent* peer = place(ask.node).agent;
      peer == nullptr ? reply(std::nullopt) : peer->question(ask.atLeast, seconds(5), reply);
    });
  }

  FakeClock clock_;
  FakeRng rng_;
  Chance chance_;
  Queue queue_;
  Api api_;
  Workload workload_;
  std::vector<Place> places_;
  Judge judge_;
  Agent::World outside_;
  std::vector<std::unique_ptr<Agent>> agents_;  ///< Those that have stopped, too.
};

}  // namespace hitless::testing::watermark
