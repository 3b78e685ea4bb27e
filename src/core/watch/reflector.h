#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/rng.h"
#include "core/watch/back_off.h"
#include "core/watch/gathering.h"
#include "core/watch/prune.h"
#include "core/watch/update.h"

namespace hitless::watch {

struct ReflectorOptions {
  std::string path;  ///< The collection's URL path.
  std::string fieldSelector;
  std::string labelSelector;
  std::size_t pageSize = 500;
  std::vector<FieldPath> unread;  ///< What the consumer never reads; see prune().
  /// Not every server serves the collection or lets us see it: 404 and 403 mean that it is empty.
  bool optional = false;
};

/// What a reflector does at the moment.
enum class ReflectorState {
  kListing,     ///< Waits for a page of the collection.
  kWatching,    ///< Receives changes, or first the whole state and then changes.
  kBackingOff,  ///< Waits before it tries again.
};

/// What its driver shall do now.
struct Step {
  ReflectorState state = ReflectorState::kListing;
  int number = 0;      ///< Differs from that of the step before.
  std::string target;  ///< The URL to GET; empty in kBackingOff.
  nanoseconds time{};  ///< kListing: the request's time-out. kWatching: the longest silence to
                       ///< accept, which may change with each line. kBackingOff: how long to wait.
};

/// Keeps one collection in step with an API server: gets the state, as the first events of a watch
/// (WatchList, KEP-3157) or from a server that has none in pages; follows the changes, with
/// bookmarks; gets the state again when the history is gone (410) or a line makes no sense; backs
/// off with jitter. Does no I/O: the driver asks step(), performs it, and tells what came of it;
/// each telling changes the step.
class Reflector {
 public:
  Reflector(ReflectorOptions options, const Clock& clock, Rng& rng);

  const Step& step() const { return step_; }
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
  /// When the server last said something about the collection: a page, an event or a bookmark.
  std::optional<MonoTime> lastContact() const { return lastContact_; }

 private:
  enum class Next { kSync, kWatch };
  enum class WatchList { kUntried, kWorks, kRefused };

  void begin(ReflectorState state, std::string target, nanoseconds time);
  void sync();
  void list();
  void watchList();
  void watch();
  void openWatch(const std::string& from, nanoseconds longestSilence);
  /// `again` after a pause that grows with the failures in a row. The first failure is not waited
  /// for, unless the server is `busy`.
  void backOff(Next again, std::string why, bool busy = false);
  void listFailed(std::string why, bool busy = false);
  /// The initial events did not come: the state is asked for in the other way next.
  void initialFailed(std::string why);
  void progress();
  std::string query() const;
  std::optional<Update> onEvent(kube::json::object& event);
  std::optional<Update> onInitial(std::string_view type, kube::json::object& element);
  void onErrorEvent(const kube::json::object& status);
  std::optional<Update> synced(std::uint64_t revision);
  std::optional<Update> absent();

  ReflectorOptions options_;
  const Clock& clock_;
  Rng& rng_;
  Step step_;
  MonoTime watchStart_{};
  MonoTime lastLine_{};
  Next afterBackoff_ = Next::kSync;
  BackOff backOff_;
  std::uint64_t revision_ = 0;  ///< Everything up to here has been delivered.
  WatchList watchList_ = WatchList::kUntried;
  bool listNext_ = false;  ///< WatchList failed the last time.
  bool unpaged_ = false;   ///< The server forgets the first page before the last one is fetched.
  bool initial_ = false;   ///< kWatching: the state is still arriving.
  Gathering gathering_;
  std::string continueToken_;
  std::string trouble_;
  std::optional<MonoTime> lastContact_;
};

}  // namespace hitless::watch
