#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/drain/gate.h"
#include "core/service/snapshot.h"
#include "testing/watermark/kernel.h"
#include "testing/watermark/knowledge.h"
#include "testing/watermark/stream.h"

namespace hitless::testing::watermark {

/// The agent of one node: real reflectors, snapshot and gate; the loop between them, and the room
/// where peers wait, as src/app/agent has them.
class Agent {
 public:
  /// What an agent does to the world around it.
  struct World {
    Queue& queue;
    FakeClock& clock;
    Rng& rng;
    Api& api;
    Defect defect = Defect::kNone;
    std::function<void(Agent&, const drain::Ask&)> ask;
    std::function<void(Agent&, const std::string& uid, const drain::GateVerdict&)> release;
    std::function<void(Agent&)> committed;
    std::function<void(std::string)> violated;
  };
  using Reply = std::function<void(std::optional<std::uint64_t> watermark)>;

  Agent(World& world, std::string node, Kernel& kernel, nanoseconds commitTime)
      : world_(world),
        chance_(world.rng),
        node_(std::move(node)),
        kernel_(kernel),
        commitTime_(commitTime),
        gate_(node_, drain::GateOptions{}, world.clock) {
    for (const Kind kind : {Kind::kPods, Kind::kServices, Kind::kSlices, Kind::kNodes}) {
      streams_[static_cast<std::size_t>(kind)] = std::make_unique<Stream>(
          world.queue, world.clock, world.rng, world.api, kind,
          kind == Kind::kPods ? node_ : std::string(),
          [this, kind](const watch::Update& update) { deliver(kind, update); });
    }
  }
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  const std::string& node() const { return node_; }
  const Kernel& kernel() const { return kernel_; }
  const Knowledge& knowledge() const { return knowledge_; }
  Stream& stream(Kind kind) { return *streams_[static_cast<std::size_t>(kind)]; }
  bool stopped() const { return stopped_; }
  std::size_t held() const { return hooks_.size(); }
  /// The position of its watch of slices.
  std::uint64_t seen() const { return seen_; }

  /// The kubelet calls the pod's preStop hook.
  void hold(const std::string& uid) {
    hooks_.emplace(gate_.hold("g-" + uid), uid);
    perform();
  }
  /// Ends the process; gives the pods whose hooks break with it.
  std::vector<std::string> stop() {
    stopped_ = true;
    for (const auto& stream : streams_) {
      stream->stop();
    }
    for (const Guest& guest : std::exchange(guests_, {})) {
      guest.reply(std::nullopt);
    }
    std::vector<std::string> broken;
    for (const auto& [ticket, uid] : std::exchange(hooks_, {})) {
      broken.push_back(uid);
    }
    return broken;
  }
  /// A peer's long poll.
  void question(std::uint64_t atLeast, nanoseconds wait, const Reply& reply) {
    if (synced_ && watermark_ >= atLeast) {
      return reply(watermark_);
    }
    guests_.push_back({++lastGuest_, atLeast, reply});
    world_.queue.in(wait, [this, id = lastGuest_] {
      const auto late = std::find_if(guests_.begin(), guests_.end(),
                                     [&](const Guest& guest) { return guest.id == id; });
      if (late != guests_.end()) {
        const Reply answer = late->reply;
        guests_.erase(late);
        answer(synced_ ? std::optional(watermark_) : std::nullopt);
      }
    });
  }
  void answered(const std::string& node, std::optional<std::uint64_t> watermark) {
    if (watermark) {
      knowledge_.answered(node, *watermark);
    }
    watermark ? gate_.peerAnswered(node, *watermark) : gate_.peerFailed(node);
    perform();
  }
  /// For Defect::kAcknowledgesUnsynced.
  void inherit(std::uint64_t watermark) {
    watermark_ = watermark;
    synced_ = true;
  }

 private:
  struct Guest {
    int id = 0;
    std::uint64_t atLeast = 0;
    Reply reply;
  };
  struct Endpoint {
    std::string uid;
    std::string ip;
  };
  struct Slice {
    std::uint64_t revision = 0;
    std::vector<Endpoint> ready;
  };

  void deliver(Kind kind, const watch::Update& update) {
    knowledge_.apply(kind, update, world_.clock.mono());
    known_.insert(kind);
    const bool news = !update.changes.empty() || update.kind == watch::Update::Kind::kFull;
    if (kind == Kind::kSlices) {
      onSlices(update, news);
      gate_.applySlices(update);
    } else if (kind == Kind::kServices) {
      builder_.applyServices(update);
      want(news);
      gate_.applyServices(update);
      if (world_.defect == Defect::kAcknowledgesOtherCollections && committed_) {
        acknowledge(update.revision);
      }
    } else if (kind == Kind::kNodes) {
      want(dirty_);
      gate_.applyNodes(update);
    } else {
      gate_.applyPods(update);
    }
    perform();
  }

  void onSlices(const watch::Update& update, bool news) {
    builder_.applyEndpointSlices(update);
    if (update.kind == watch::Update::Kind::kFull) {
      wanted_.clear();
    }
    for (const watch::Change& change : update.changes) {
      const kube::EndpointSlice slice = kube::endpointSliceOf(*change.object);
      Slice& wanted = wanted_[slice.meta.name] = {slice.meta.resourceVersion, {}};
      for (const kube::Endpoint& endpoint : slice.endpoints) {
        if (endpoint.ready && change.type == watch::ChangeType::kUpsert) {
          wanted.ready.push_back({endpoint.targetUid, endpoint.addresses.front()});
        }
      }
    }
    seen_ = update.revision;
    want(news);
    const bool early = world_.defect == Defect::kAcknowledgesBeforeCommit ||
                       (world_.defect == Defect::kAcknowledgesBookmarksBeforeCommit && !news);
    if (committed_ && ((!news && !dirty_) || early)) {
      acknowledge(seen_);
    }
  }

  /// Loop::want() and schedule().
  void want(bool news) {
    dirty_ = dirty_ || news;
    const bool listed = known_.contains(Kind::kServices) && known_.contains(Kind::kSlices) &&
                        known_.contains(Kind::kNodes);
    if (dirty_ && listed && !scheduled_) {
      scheduled_ = true;
      world_.queue.in(commitTime_, [this] { sync(); });
    }
  }

  void sync() {
    scheduled_ = false;
    if (stopped_) {
      return;
    }
    if (chance_.one(25)) {  // The kernel refuses.
      scheduled_ = true;
      return world_.queue.in(milliseconds(100), [this] { sync(); });
    }
    kernel_.slices.clear();
    for (const auto& [name, slice] : wanted_) {
      kernel_.slices[name].revision = slice.revision;
      for (const Endpoint& endpoint : slice.ready) {
        kernel_.slices[name].ready.insert(endpoint.uid);
      }
    }
    compareSnapshot();
    dirty_ = false;
    committed_ = true;
    world_.committed(*this);
    acknowledge(seen_);
    perform();
  }

  /// The snapshot that the rules are made from says the same as this test's own reading.
  void compareSnapshot() {
    std::multiset<std::string> expected;
    for (const auto& [name, slice] : wanted_) {
      for (const Endpoint& endpoint : slice.ready) {
        expected.insert(endpoint.ip);
      }
    }
    std::multiset<std::string> found;
    builder_.current().forEach([&](const auto&, const service::ServiceState& state) {
      for (const auto& [name, slice] : state.slices) {
        for (const service::Endpoint& endpoint : slice->endpoints) {
          if (endpoint.ready) {
            found.insert(endpoint.ip.text());
          }
        }
      }
    });
    if (found != expected || builder_.current().revision() != seen_) {
      world_.violated(node_ + ": the snapshot is not what the watch told");
    }
  }

  void acknowledge(std::uint64_t revision) {
    watermark_ = revision;
    synced_ = true;
    gate_.setOwnWatermark(revision);
    std::vector<Guest> served;
    std::erase_if(guests_, [&](const Guest& guest) {
      const bool reached = guest.atLeast <= watermark_;
      if (reached) {
        served.push_back(guest);
      }
      return reached;
    });
    for (const Guest& guest : served) {
      guest.reply(watermark_);
    }
  }

  /// GateKeeper::perform().
  void perform() {
    const drain::Gate::Effects effects = gate_.step();
    for (const drain::Gate::Answer& answer : effects.answers) {
      const auto hook = hooks_.extract(answer.ticket);
      world_.release(*this, hook.mapped(), answer.verdict);
    }
    for (const drain::Ask& question : effects.asks) {
      world_.ask(*this, question);
    }
    const int turn = ++turn_;
    if (effects.next) {
      world_.queue.at(*effects.next, [this, turn] {
        if (!stopped_ && turn == turn_) {
          perform();
        }
      });
    }
    bool taken = false;
    for (const kube::Pod& pod : effects.inspect) {
      const std::size_t untaken = chance_.below(3);
      gate_.untaken(pod.meta.uid, untaken);
      taken = taken || untaken == 0;
    }
    if (taken) {
      perform();
    }
  }

  World& world_;
  Chance chance_;
  std::string node_;
  Kernel& kernel_;
  nanoseconds commitTime_;
  drain::Gate gate_;
  service::SnapshotBuilder builder_;
  Knowledge knowledge_;
  std::array<std::unique_ptr<Stream>, kKinds> streams_;
  std::map<std::string, Slice> wanted_;               ///< by name
  std::set<Kind> known_;                              ///< Listed at least once.
  std::map<drain::Gate::Ticket, std::string> hooks_;  ///< -> pod UID
  std::vector<Guest> guests_;
  int lastGuest_ = 0;
  int turn_ = 0;
  bool stopped_ = false;
  bool dirty_ = false;
  bool scheduled_ = false;
  bool committed_ = false;
  bool synced_ = false;
  std::uint64_t seen_ = 0;
  std::uint64_t watermark_ = 0;
};

}  // namespace hitless::testing::watermark
