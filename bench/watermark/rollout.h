#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <queue>
#include <random>
#include <set>
#include <vector>

#include "parameters.h"

namespace hitless::bench {

using Random = std::mt19937_64;

inline double uniform(Random& random, double from, double to) {
  return std::uniform_real_distribution<double>(from, to)(random);
}
inline double lognormal(Random& random, double median, double sigma) {
  return std::lognormal_distribution<double>(std::log(median), sigma)(random);
}

/// An old pod: where it runs, when it is deleted, and in which write its slice tells of it.
struct OldPod {
  std::uint32_t node = 0;
  double deleted = 0;
  double hook = 0;  ///< When kubelet calls it.
  std::uint32_t revision = 0;
};

/// One write of an EndpointSlice. Its number is its resourceVersion.
struct Write {
  double time = 0;
  double bytes = 0;
};

/// A Deployment of `pods` replicas on `nodes` nodes is rolled over with 25 % maxSurge and
/// maxUnavailable, and the EndpointSlice controller follows.
class Rollout {
 public:
  Rollout(const Parameters& parameters, std::uint32_t nodes, std::uint32_t pods, Random& random)
      : parameters_(parameters), random_(random), pods_(pods) {
    for (std::uint32_t i = 0; i < pods; ++i) {
      pods_[i].node = static_cast<std::uint32_t>((i + random() % 2) * std::uint64_t{nodes} /
                                                 std::max(nodes, pods) % nodes);
      if (pods < nodes) {
        pods_[i].node = static_cast<std::uint32_t>(random() % nodes);
      }
    }
    replacePods();
    writeSlices();
    addOthers(nodes);
  }

  const std::vector<OldPod>& pods() const { return pods_; }
  const std::vector<Write>& writes() const { return writes_; }
  double end() const { return end_; }

 private:
  struct Change {
    double time = 0;
    std::size_t slice = 0;
    std::int64_t pod = -1;  ///< The old pod that leaves.
    bool operator<(const Change& other) const { return time < other.time; }
  };

  /// The Deployment controller, and the ReplicaSet controller's limited rate of writes.
  void replacePods() {
    const auto total = static_cast<std::int64_t>(pods_.size());
    const std::int64_t surge = (total + 3) / 4;
    const std::int64_t unavailable = total / 4;
    std::priority_queue<double, std::vector<double>, std::greater<>> ready;
    std::int64_t created = 0, deleted = 0, available = 0;
    double now = 0, slot = 0;
    const auto write = [&] {
      slot = std::max(slot, now) + 1 / parameters_.controllerWrites;
      return slot;
    };
    while (deleted < total) {
      bool progress = true;
      while (progress) {
        progress = false;
        if (created < total && total - deleted + created < total + surge) {
          ready.push(write() + lognormal(random_, parameters_.podStart, parameters_.podStartSigma));
          ++created;
          progress = true;
        }
        if (deleted < total && total - deleted + available > total - unavailable) {
          const double time = write();
          OldPod& pod = pods_[static_cast<std::size_t>(deleted)];
          pod.deleted = time;
          pod.hook = time + uniform(random_, parameters_.kubeletLag[0], parameters_.kubeletLag[1]);
          const std::size_t slice =
              static_cast<std::size_t>(deleted) / parameters_.endpointsPerSlice;
          changes_.push_back({time, slice, deleted});
          changes_.push_back({time + 2, slice, -1});  // Gone.
          ++deleted;
          progress = true;
        }
      }
      if (ready.empty()) {
        break;
      }
      now = ready.top();
      ready.pop();
      const auto newSlice = static_cast<std::size_t>(total + available++);
      changes_.push_back({now, newSlice / parameters_.endpointsPerSlice + 1, -1});
    }
  }

  /// One sync after the other of the Service: each writes every slice that has changed since.
  void writeSlices() {
    std::sort(changes_.begin(), changes_.end());
    double now = 0;
    for (std::size_t next = 0; next < changes_.size();) {
      now = std::max(now, changes_[next].time);
      std::vector<Change> taken;
      for (; next < changes_.size() && changes_[next].time <= now; ++next) {
        taken.push_back(changes_[next]);
      }
      std::stable_sort(taken.begin(), taken.end(),
                       [](const Change& a, const Change& b) { return a.slice < b.slice; });
      for (std::size_t i = 0; i < taken.size(); ++i) {
        if (i == 0 || taken[i].slice != taken[i - 1].slice) {
          now += 1 / parameters_.controllerWrites;
          writes_.push_back({now, parameters_.sliceBytes});
        }
        if (taken[i].pod >= 0) {
          pods_[static_cast<std::size_t>(taken[i].pod)].revision =
              static_cast<std::uint32_t>(writes_.size() - 1);
        }
      }
    }
  }

  /// What happens elsewhere in the cluster meanwhile.
  void addOthers(std::uint32_t nodes) {
    const std::vector<Write> own = writes_;
    end_ = own.back().time;
    const double last = end_ + 30;
    const double rate = parameters_.otherWritesPerNode * nodes;
    for (double now = uniform(random_, 0, 1 / rate); now < last;
         now += std::exponential_distribution<double>(rate)(random_)) {
      writes_.push_back({now, parameters_.otherSliceBytes});
    }
    std::vector<std::uint32_t> order(writes_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      order[i] = i;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return writes_[a].time < writes_[b].time;
    });
    std::vector<Write> sorted;
    std::vector<std::uint32_t> renamed(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      renamed[order[i]] = i;
      sorted.push_back(writes_[order[i]]);
    }
    writes_ = std::move(sorted);
    for (OldPod& pod : pods_) {
      pod.revision = renamed[pod.revision];
    }
  }

  const Parameters& parameters_;
  Random& random_;
  std::vector<OldPod> pods_;
  std::vector<Change> changes_;
  std::vector<Write> writes_;
  double end_ = 0;  ///< The last write of this rollout.
};

/// When each node's kernel holds which write.
class Cluster {
 public:
  Cluster(const Parameters& parameters, std::uint32_t nodes, const Rollout& rollout, Random& random)
      : commit_(parameters.commit), nodes_(nodes) {
    for (Node& node : nodes_) {
      node.place = uniform(random, 0, 1);
      node.lag = lognormal(random, parameters.watchLag, parameters.watchLagSigma);
      const double kind = uniform(random, 0, 1);
      if (kind < parameters.slow) {
        node.lag += uniform(random, parameters.slowLag[0], parameters.slowLag[1]);
      }
      node.stall = window(kind > 1 - parameters.stalled, parameters.stall, rollout.end(), random);
      node.down = window(
          kind > 1 - parameters.stalled - parameters.restarting && kind <= 1 - parameters.stalled,
          parameters.restart, rollout.end(), random);
    }
    double free = 0;
    for (const Write& write : rollout.writes()) {
      const double begin = std::max(free, write.time);
      free = begin + write.bytes * nodes / (parameters.servers * parameters.egress);
      fanOut_.push_back({begin, free - begin});
      bytes_ += write.bytes * nodes;
    }
  }

  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }
  double arrival(std::uint32_t node, std::uint32_t revision) const {
    const Node& at = nodes_[node];
    const double time = fanOut_[revision].begin + at.place * fanOut_[revision].length + at.lag;
    return held(at.down, held(at.stall, time));
  }
  double committed(std::uint32_t node, std::uint32_t revision) const {
    return arrival(node, revision) + commit_;
  }
  /// One more than the highest revision that the kernel holds.
  std::uint32_t watermark(std::uint32_t node, double now) const {
    std::uint32_t low = 0, high = static_cast<std::uint32_t>(fanOut_.size());
    while (low < high) {
      const std::uint32_t middle = (low + high) / 2;
      (committed(node, middle) <= now ? low : high) =
          committed(node, middle) <= now ? middle + 1 : middle;
    }
    return low;
  }
  bool down(std::uint32_t node, double now) const {
    return nodes_[node].down.from <= now && now < nodes_[node].down.to;
  }
  /// What the watches carry, with or without a gate.
  double watchBytes() const { return bytes_; }

 private:
  struct Window {
    double from = 0, to = 0;
  };
  struct Node {
    double place = 0;  ///< In the order in which a write is sent to the watchers.
    double lag = 0;
    Window stall, down;
  };
  struct FanOut {
    double begin = 0, length = 0;
  };

  static Window window(bool happens, const double (&length)[2], double end, Random& random) {
    const double from = uniform(random, 0, end);
    return happens ? Window{from, from + uniform(random, length[0], length[1])} : Window{};
  }
  static double held(const Window& window, double time) {
    return window.from <= time && time < window.to ? window.to : time;
  }

  double commit_;
  std::vector<Node> nodes_;
  std::vector<FanOut> fanOut_;
  double bytes_ = 0;
};

}  // namespace hitless::bench
