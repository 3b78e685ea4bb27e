#include "core/watch/reflector.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::watch {
namespace {

using kube::json::object;

constexpr nanoseconds kPageTimeout = seconds(60);
constexpr nanoseconds kUnpagedTimeout = seconds(300);
/// The initial events come in one go, once the server's cache is as fresh as etcd.
constexpr nanoseconds kInitialSilence = seconds(30);
constexpr nanoseconds kInitialLimit = seconds(300);
/// client-go asks for a random time in 5..10 minutes, so that watches do not end together.
constexpr std::uint64_t kMinWatchSeconds = 300;
/// A server is seldom upgraded to one that serves more.
constexpr nanoseconds kAbsentPause = seconds(600);
/// kube-apiserver sends a bookmark each 60 to 75 s (cacher.go: one minute, jitter 0.25): two
/// missing ones mean that nobody is there any more.
constexpr nanoseconds kMaxSilence = seconds(150);
/// A watch that stood this long was no failure, even if it brought nothing.
constexpr nanoseconds kGoodWatch = seconds(30);
constexpr std::string_view kInitialEventsEnd = "k8s.io/initial-events-end";

/// Percent-encodes what is not unreserved (RFC 3986 2.3).
std::string encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                       (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '.' || byte == '_' ||
                       byte == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

/// The server asks to be left alone for a while; what it said before still holds.
bool isBusy(int status) {
  return status == 429 || status == 500 || status == 502 || status == 503;
}

/// How servers say that they do not know WatchList: 422 with the feature off, 400 and the like from
/// what stands before them.
bool refusesWatchList(int status) {
  return status == 400 || status == 405 || status == 406 || status == 415 || status == 422 ||
         status == 501;
}

bool isAbsent(int status) {
  return status == 404 || status == 403;
}

std::optional<std::uint64_t> revisionOf(const object& holder) {
  return parseUint(kube::text(holder, {"metadata", "resourceVersion"}));
}

}  // namespace

Reflector::Reflector(ReflectorOptions options, const Clock& clock, Rng& rng)
    : options_(std::move(options)), clock_(clock), rng_(rng) {
  sync();
}

std::string Reflector::query() const {
  std::string out;
  if (!options_.fieldSelector.empty()) {
    out += "&fieldSelector=" + encode(options_.fieldSelector);
  }
  if (!options_.labelSelector.empty()) {
    out += "&labelSelector=" + encode(options_.labelSelector);
  }
  return out;
}

void Reflector::begin(ReflectorState state, std::string target, nanoseconds time) {
  step_ = {state, step_.number + 1, std::move(target), time};
}

void Reflector::sync() {
  initial_ = false;
  gathering_.clear();
  continueToken_.clear();
  watchList_ == WatchList::kRefused || listNext_ ? list() : watchList();
}

// Both ways to get the state ask without a resourceVersion: for the most recent one. "0" would be
// cheaper for the server but may lie before what this reflector has delivered already, and a
// watermark must not go back.

void Reflector::list() {
  std::string target =
      fmt::format("{}?limit={}{}", options_.path, unpaged_ ? 0 : options_.pageSize, query());
  if (!continueToken_.empty()) {
    target += "&continue=" + encode(continueToken_);
  }
  begin(ReflectorState::kListing, std::move(target), unpaged_ ? kUnpagedTimeout : kPageTimeout);
}

void Reflector::watchList() {
  initial_ = true;
  openWatch("sendInitialEvents=true&resourceVersionMatch=NotOlderThan", kInitialSilence);
}

void Reflector::watch() {
  initial_ = false;
  openWatch(fmt::format("resourceVersion={}", revision_), kMaxSilence);
}

void Reflector::openWatch(const std::string& from, nanoseconds longestSilence) {
  watchStart_ = lastLine_ = clock_.mono();
  begin(ReflectorState::kWatching,
        fmt::format("{}?watch=true&allowWatchBookmarks=true&{}&timeoutSeconds={}{}", options_.path,
                    from, kMinWatchSeconds + rng_.below(kMinWatchSeconds + 1), query()),
        longestSilence);
}

void Reflector::backOff(Next again, std::string why, bool busy) {
  trouble_ = std::move(why);
  afterBackoff_ = again;
  const nanoseconds pause = backOff_.failed(rng_, busy);
  if (pause == nanoseconds{}) {
    return onBackoffOver();
  }
  gathering_.clear();
  begin(ReflectorState::kBackingOff, {}, pause);
}

void Reflector::onBackoffOver() {
  afterBackoff_ == Next::kSync ? sync() : watch();
}

void Reflector::progress() {
  backOff_.succeeded();
  trouble_.clear();
  lastContact_ = clock_.mono();
}

void Reflector::listFailed(std::string why, bool busy) {
  listNext_ = false;
  backOff(Next::kSync, std::move(why), busy);
}

void Reflector::initialFailed(std::string why) {
  listNext_ = true;
  backOff(Next::kSync, std::move(why));
}

std::optional<Update> Reflector::synced(std::uint64_t revision) {
  revision_ = revision;
  progress();
  return gathering_.take(revision);
}

std::optional<Update> Reflector::absent() {
  progress();
  gathering_.clear();
  listNext_ = true;
  afterBackoff_ = Next::kSync;
  trouble_ = "the server does not serve this collection";
  begin(ReflectorState::kBackingOff, {}, kAbsentPause);
  return Update{Update::Kind::kFull, {}, revision_};
}

std::optional<Update> Reflector::onPage(int status, std::string_view body) {
  if (options_.optional && isAbsent(status)) {
    return absent();
  }
  if (status != 200) {
    // 410 here: a large collection's first page is too old by the time of the next one.
    unpaged_ = status == 410 && !continueToken_.empty();
    listFailed(fmt::format("list refused with {}", status), isBusy(status));
    return std::nullopt;
  }
  Result<kube::json::value> parsed = kube::parseJson(body);
  object* page = parsed ? parsed->if_object() : nullptr;
  const auto revision = page == nullptr ? std::nullopt : revisionOf(*page);
  const kube::json::value* items = page == nullptr ? nullptr : kube::find(*page, "items");
  if (!revision || items == nullptr || !(items->is_array() || items->is_null())) {
    listFailed("the answer to a list is no list");
    return std::nullopt;
  }
  if (items->is_array()) {
    for (kube::json::value& item : page->at("items").get_array()) {
      if (object* element = item.if_object()) {
        prune(*element, options_.unread);
        gathering_.add(std::move(*element));
      }
    }
  }
  lastContact_ = clock_.mono();
  continueToken_ = kube::text(*page, {"metadata", "continue"});
  if (!continueToken_.empty()) {
    list();
    return std::nullopt;
  }
  if (listNext_ && watchList_ == WatchList::kUntried) {
    watchList_ = WatchList::kRefused;  // Where a list works and WatchList did not.
  }
  listNext_ = unpaged_ = false;
  std::optional<Update> full = synced(*revision);
  watch();
  return full;
}

void Reflector::onPageError(const Error& error) {
  listFailed(error.text());
}

std::optional<Update> Reflector::onLine(std::string_view line) {
  lastLine_ = clock_.mono();
  Result<kube::json::value> parsed = kube::parseJson(line);
  object* event = parsed ? parsed->if_object() : nullptr;
  if (event == nullptr) {
    const std::string why = "a line of the watch is no JSON object";
    initial_ ? initialFailed(why) : backOff(Next::kSync, why);
    return std::nullopt;
  }
  return onEvent(*event);
}

std::optional<Update> Reflector::onEvent(object& event) {
  const std::string type(kube::text(event, {"type"}));
  const auto found = event.find("object");
  object* element = found == event.end() ? nullptr : found->value().if_object();
  if (element != nullptr && type == "ERROR") {
    onErrorEvent(*element);
    return std::nullopt;
  }
  const auto revision = element == nullptr ? std::nullopt : revisionOf(*element);
  const bool upsert = type == "ADDED" || type == "MODIFIED";
  if (!revision || !(upsert || type == "DELETED" || type == "BOOKMARK")) {
    const auto why = fmt::format("a line of the watch is no event: type '{}'", type.substr(0, 40));
    initial_ ? initialFailed(why) : backOff(Next::kSync, why);
    return std::nullopt;
  }
  prune(*element, options_.unread);
  if (initial_) {
    return onInitial(type, *element);
  }
  progress();
  Update update;
  update.revision = revision_ = std::max(revision_, *revision);
  if (type != "BOOKMARK") {
    update.changes.push_back({upsert ? ChangeType::kUpsert : ChangeType::kDelete,
                              std::make_shared<const object>(std::move(*element))});
  }
  return update;
}

std::optional<Update> Reflector::onInitial(std::string_view type, object& element) {
  lastContact_ = clock_.mono();
  if (clock_.mono() - watchStart_ > kInitialLimit) {
    // A server that takes no notice of sendInitialEvents tells the changes for ever.
    initialFailed("the end of the initial events did not come");
    return std::nullopt;
  }
  if (type == "ADDED") {
    gathering_.add(std::move(element));
  } else if (type != "BOOKMARK") {
    gathering_.change(type == "DELETED" ? ChangeType::kDelete : ChangeType::kUpsert,
                      std::move(element));
  } else if (kube::text(element, {"metadata", "annotations", kInitialEventsEnd}) == "true") {
    initial_ = false;
    watchList_ = WatchList::kWorks;
    step_.time = kMaxSilence;
    return synced(*revisionOf(element));
  }
  return std::nullopt;
}

void Reflector::onErrorEvent(const object& status) {
  // 410 Expired: the history no longer reaches back to our revision. Whatever else the server
  // complains of, getting the state settles it too.
  const std::int64_t code = kube::integer(status, {"code"});
  const auto why =
      fmt::format("watch error {}: {}", code, kube::text(status, {"message"}).substr(0, 200));
  initial_ ? initialFailed(why) : backOff(Next::kSync, why, isBusy(static_cast<int>(code)));
}

void Reflector::onWatchEnd(int status) {
  if (status == 200) {
    if (initial_) {
      return initialFailed("the watch ended before the initial events did");
    }
    if (clock_.mono() - watchStart_ >= kGoodWatch) {
      backOff_.succeeded();
    }
    return backOff(Next::kWatch, "the watch ended");
  }
  if (options_.optional && isAbsent(status)) {
    listNext_ = true;  // The answer to a list is what tells that it is not there.
    return sync();
  }
  if (initial_ && refusesWatchList(status)) {
    watchList_ = WatchList::kRefused;
    trouble_ = fmt::format("WatchList refused with {}: listing in pages", status);
    return sync();
  }
  // Busy servers keep our position, and so does one that wants the renewed token (401); the other
  // refusals (410, 504 "too large resource version" after a server lost its data, 403, 404) do not.
  const bool positionHolds = !initial_ && (isBusy(status) || status == 401);
  backOff(positionHolds ? Next::kWatch : Next::kSync, fmt::format("watch refused with {}", status),
          isBusy(status));
}

void Reflector::onWatchError(const Error& error) {
  if (!initial_) {
    return backOff(Next::kWatch, error.text());
  }
  const bool silent = clock_.mono() - lastLine_ >= step_.time;
  silent ? initialFailed(error.text()) : backOff(Next::kSync, error.text());
}

}  // namespace hitless::watch
