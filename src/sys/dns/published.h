#pragma once

#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "core/dns/responder.h"

namespace hitless::sys {

/// What name servers answer from, shared by the one thread that changes it and those that serve.
/// A reader keeps it from before it looks until its answers have been sent: when change() returns,
/// no answer made from the former state will leave any more. That is what the order of names and
/// packet rules rests on.
class Published {
 public:
  Published(dns::Zone zone, dns::Clients clients)
      : zone_(std::move(zone)), clients_(std::move(clients)) {}

  class Reading {
   public:
    dns::View view() const {
      return {published_.zone_, published_.clients_,
              MonoTime(nanoseconds(published_.contact_.load(std::memory_order_relaxed)))};
    }

   private:
    friend class Published;
    explicit Reading(const Published& published)
        : published_(published), lock_(published.enter()) {}
    const Published& published_;
    std::shared_lock<std::shared_mutex> lock_;
  };
  /// Not twice at once by one thread.
  Reading read() const { return Reading(*this); }

  /// For the thread that changes it, which needs no lock to look.
  const dns::Zone& zone() const { return zone_; }
  const dns::Clients& clients() const { return clients_; }

  /// When the API server last said anything.
  void setContact(MonoTime contact) {
    contact_.store(contact.time_since_epoch().count(), std::memory_order_relaxed);
  }

  template <class Change>
  void change(Change change) {
    const std::lock_guard turn(turnstile_);
    const std::unique_lock lock(state_);
    change(zone_, clients_);
  }

 private:
  /// A writer that waits holds the turnstile, so that readers who come again and again do not keep
  /// it waiting.
  std::shared_lock<std::shared_mutex> enter() const {
    const std::lock_guard turn(turnstile_);
    return std::shared_lock(state_);
  }

  mutable std::mutex turnstile_;
  mutable std::shared_mutex state_;
  dns::Zone zone_;
  dns::Clients clients_;
  std::atomic<std::int64_t> contact_ = 0;
};

}  // namespace hitless::sys
