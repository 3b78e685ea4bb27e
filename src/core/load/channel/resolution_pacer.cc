#include "core/load/channel/resolution_pacer.h"

namespace hitless::load {

bool ResolutionPacer::request(MonoTime now) {
  if (running_ || timer_) {
    return false;
  }
  if (started_ && *started_ + interval_ > now) {
    timer_ = *started_ + interval_;
    return false;
  }
  return start(now);
}

bool ResolutionPacer::start(MonoTime now) {
  timer_.reset();
  running_ = true;
  started_ = now;
  return true;
}

void ResolutionPacer::finished(bool found, MonoTime now) {
  running_ = false;
  if (found) {
    backoff_.reset();
  } else {
    timer_ = backoff_.next(now);
  }
}

bool ResolutionPacer::tick(MonoTime now) {
  return timer_ && *timer_ <= now && start(now);
}

}  // namespace hitless::load
