#include "core/load/recorder.h"

#include <algorithm>
#include <utility>

namespace hitless::load {
namespace {

void add(FailureList& list, const Failure& failure) {
  ++list.counts[failure.cause];
  if (list.listed.size() < FailureList::kListed) {
    list.listed.push_back(failure);
  }
}

}  // namespace

Recorder::Recorder(const LoadSpec& spec, MonoTime started, WallTime startedWall)
    : started_(started), startedWall_(startedWall), lastSuccess_(started) {
  result_.spec = spec;
  result_.started = startedWall;
  result_.gapStart = startedWall;
}

void Recorder::sent(MonoTime scheduled, MonoTime now) {
  ++result_.sent;
  ++second(scheduled).sent;
  result_.sendDelay.add(now - scheduled);
}

void Recorder::succeeded(MonoTime scheduled, MonoTime now, int status) {
  ++result_.succeeded;
  ++second(scheduled).succeeded;
  if (status != 0) {
    ++result_.statuses[status];
  }
  result_.latency.add(now - scheduled);
  noteGap(now);
  lastSuccess_ = now;
}

void Recorder::failed(MonoTime scheduled, const Failure& failure) {
  ++result_.failed;
  ++second(scheduled).failed;
  if (failure.status != 0) {
    ++result_.statuses[failure.status];
  }
  add(result_.failures, failure);
}

void Recorder::retried(const Failure& failure) {
  ++result_.retried;
  add(result_.retries, failure);
}

void Recorder::reconnected(Reconnect reconnect) {
  ReconnectList& list = result_.reconnects;
  ++list.count;
  list.longest = std::max(list.longest, reconnect.duration);
  if (list.listed.size() < ReconnectList::kListed) {
    list.listed.push_back(std::move(reconnect));
  }
}

void Recorder::outstanding(std::size_t count) {
  result_.outstandingMax = std::max<std::uint64_t>(result_.outstandingMax, count);
}

LoadResult Recorder::finish(std::uint64_t scheduled, MonoTime now, std::string backendLookup) && {
  noteGap(now);
  result_.scheduled = scheduled;
  result_.duration = std::max(now - started_, nanoseconds{0});
  result_.backendLookup = std::move(backendLookup);
  return std::move(result_);
}

SecondCounts& Recorder::second(MonoTime scheduled) {
  const auto index = static_cast<std::size_t>((scheduled - started_) / seconds{1});
  if (index >= result_.seconds.size()) {
    result_.seconds.resize(index + 1);
  }
  return result_.seconds[index];
}

void Recorder::noteGap(MonoTime now) {
  if (now - lastSuccess_ > result_.gap) {
    result_.gap = now - lastSuccess_;
    result_.gapStart = wall(lastSuccess_);
  }
}

}  // namespace hitless::load
