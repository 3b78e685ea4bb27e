#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/rng.h"
#include "core/watch/update.h"

namespace hitless::watch {

struct ReflectorOptions {
  std::string path;  ///< The collection's URL path.
  std::string fieldSelector;
  std::string labelSelector;
  std::size_t pageSize = 500;
};

/// What a reflector does at the moment.
enum class ReflectorState {
  kListing,     ///< Waits for a page of the collection.
  kWatching,    ///< Receives changes.
  kBackingOff,  ///< Waits before it tries again.
};

/// What its driver shall do now.
struct Step {
  ReflectorState state = ReflectorState::kListing;
  std::string target;  ///< The URL to GET; empty in kBackingOff.
  nanoseconds time{};  ///< kListing: the request's time-out. kWatching: the longest silence to
                       ///< accept. kBackingOff: how long to wait.
};

/// Keeps one collection in step with an API server: list in pages, watch with bookmarks, list again
/// when the history is gone (410) or a line makes no sense, back-off with jitter. Does no I/O: the
/// driver asks step(), performs it, and tells what came of it; each telling changes the step.
class Reflector {
 public:
  Reflector(ReflectorOptions options, const Clock& clock, Rng& rng);

  Step step() const { return step_; }
  ReflectorState state() const { return step_.state; }

  /// kListing: the answer. The update after the last page (always full), else nothing.
  std::optional<Update> onPage(int status, std::string_view body);
  /// kListing: no answer came.
  void onPageError(const Error& error);

  /// kWatching: a line of the stream. Nothing when the line gave no news; the state is no longer
  /// kWatching when the driver must drop the stream.
  std::optional<Update> onLine(std::string_view line);
  /// kWatching: the stream is over (the server ends each one after timeoutSeconds), was refused
  /// with a status other than 200, or broke.
  void onWatchEnd(int status);
  void onWatchError(const Error& error);

  /// kBackingOff: the time is over.
  void onBackoffOver();

  /// The last thing that went wrong, for the log; empty when all is well.
  const std::string& trouble() const { return trouble_; }

 private:
  enum class Next { kList, kWatch };

  void list();
  void watch();
  /// `again` after a pause that grows with the failures in a row; the first one is not waited for.
  void backOff(Next again, std::string why);
  void progress();
  std::string query() const;
  std::optional<Update> onEvent(kube::json::object& event);
  void onErrorEvent(const kube::json::object& status);

  ReflectorOptions options_;
  const Clock& clock_;
  Rng& rng_;
  Step step_;
  MonoTime watchStart_{};
  Next afterBackoff_ = Next::kList;
  int failures_ = 0;
  std::uint64_t revision_ = 0;  ///< Everything up to here has been delivered.
  Update pages_;                ///< The list so far.
  std::string continueToken_;
  std::string trouble_;
};

}  // namespace hitless::watch
