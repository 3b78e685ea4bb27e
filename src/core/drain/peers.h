#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "core/watch/update.h"

namespace hitless::drain {

/// A question to the agent of another node: has it come as far as `atLeast`?
struct Ask {
  std::string node;
  std::string address;  ///< The node's InternalIP.
  std::uint64_t atLeast = 0;
};

/// Which nodes there are and how far each one's kernel has come. Nodes that are not Ready are not
/// waited for: nothing that runs there can be told to stop sending. The own node always counts.
class Peers {
 public:
  explicit Peers(std::string self) : self_(std::move(self)) {}

  void apply(const watch::Update& nodes);
  void setOwn(std::uint64_t watermark) { own_ = watermark; }

  /// Every live node has acknowledged `revision`. Cheap: it is asked at each answer of each peer.
  bool acknowledged(std::uint64_t revision) const;
  /// Live nodes that have not acknowledged `revision`, the own one first, then by name.
  std::vector<std::string> behind(std::uint64_t revision) const;
  std::size_t live() const { return 1 + ready_.size(); }

  /// Questions to send now: at most one to a node at a time. Each must be ended by answered() or
  /// failed().
  std::vector<Ask> ask(std::uint64_t revision, MonoTime now);
  /// When ask(revision) may have more to say although nothing else happened.
  std::optional<MonoTime> nextRetry(std::uint64_t revision) const;
  void answered(const std::string& node, std::uint64_t watermark, MonoTime now);
  void failed(const std::string& node, MonoTime now);

 private:
  struct Peer {
    std::string address;
    bool ready = false;
    std::uint64_t watermark = 0;
    bool asked = false;
    MonoTime retryAt{};
  };

  using Entry = std::map<std::string, Peer>::value_type;
  /// A watermark and the name of its node, which is a key of peers_.
  using Place = std::pair<std::uint64_t, std::string_view>;

  void upsert(const kube::json::object& node);
  void erase(const std::string& name);
  void link(const Entry& entry);
  void unlink(const Entry& entry);
  /// The peer's question is over; it may be asked again from `retryAt` on.
  void end(const std::string& name, std::uint64_t watermark, MonoTime retryAt);

  std::string self_;
  std::uint64_t own_ = 0;
  std::map<std::string, Peer> peers_;
  std::set<Place> ready_;  ///< Peers that are Ready.
  std::set<Place> free_;   ///< Those of them that are not being asked at the moment.
};

}  // namespace hitless::drain
