#pragma once

#include "core/load/result.h"

namespace hitless::load {

/// Adds up what becomes of each request. Times are monotonic; the result's are wall times.
class Recorder {
 public:
  Recorder(const LoadSpec& spec, MonoTime started, WallTime startedWall);

  /// The first attempt of a request that was due at `scheduled` starts now.
  void sent(MonoTime scheduled, MonoTime now);
  void succeeded(MonoTime scheduled, MonoTime now, int status);
  /// A request failed for good.
  void failed(MonoTime scheduled, const Failure& failure);
  /// A first attempt failed and a second one follows.
  void retried(const Failure& failure);
  /// A channel is READY again, or the load ends without that.
  void reconnected(Reconnect reconnect);
  /// How an RPC ended; beside succeeded() or failed().
  void grpcStatus(int code) { ++result_.grpcStatuses[code]; }
  void opened() { ++result_.connectionsOpened; }
  void closedIdle() { ++result_.connectionsClosedIdle; }
  void outstanding(std::size_t count);
  void capHit() { ++result_.outstandingCapHits; }

  WallTime wall(MonoTime time) const { return startedWall_ + (time - started_); }
  LoadResult finish(std::uint64_t scheduled, MonoTime now, std::string backendLookup) &&;

 private:
  SecondCounts& second(MonoTime scheduled);
  void noteGap(MonoTime now);

  MonoTime started_;
  WallTime startedWall_;
  MonoTime lastSuccess_;
  LoadResult result_;
};

}  // namespace hitless::load
