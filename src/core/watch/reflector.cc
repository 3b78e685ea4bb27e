#include "core/watch/reflector.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::watch {
namespace {

using kube::json::object;

constexpr nanoseconds kListTimeout = seconds(60);
/// client-go asks for a random time in 5..10 minutes, so that watches do not end together.
constexpr std::uint64_t kMinWatchSeconds = 300;
/// kube-apiserver sends a bookmark each 60 to 75 s (cacher.go: one minute, jitter 0.25): two
/// missing ones mean that nobody is there any more.
constexpr nanoseconds kMaxSilence = seconds(150);
/// A watch that stood this long was no failure, even if it brought nothing.
constexpr nanoseconds kGoodWatch = seconds(30);
constexpr nanoseconds kFirstPause = milliseconds(100);
constexpr nanoseconds kLongestPause = seconds(30);  ///< client-go's reflector

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

std::optional<std::uint64_t> revisionOf(const object& holder) {
  return parseUint(kube::text(holder, {"metadata", "resourceVersion"}));
}

}  // namespace

Reflector::Reflector(ReflectorOptions options, const Clock& clock, Rng& rng)
    : options_(std::move(options)), clock_(clock), rng_(rng) {
  list();
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

void Reflector::list() {
  // Without resourceVersion: the most recent state. "0" would be cheaper for the server but may lie
  // before what this reflector has delivered already, and a watermark must not go back.
  step_ = {ReflectorState::kListing,
           fmt::format("{}?limit={}{}", options_.path, options_.pageSize, query()), kListTimeout};
  if (!continueToken_.empty()) {
    step_.target += "&continue=" + encode(continueToken_);
  }
}

void Reflector::watch() {
  watchStart_ = clock_.mono();
  step_ = {
      ReflectorState::kWatching,
      fmt::format("{}?watch=true&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}{}",
                  options_.path, revision_, kMinWatchSeconds + rng_.below(kMinWatchSeconds + 1),
                  query()),
      kMaxSilence};
}

void Reflector::backOff(Next again, std::string why) {
  if (again == Next::kList) {
    pages_ = {};
    continueToken_.clear();
  }
  trouble_ = std::move(why);
  afterBackoff_ = again;
  const int doublings = std::min(failures_ - 1, 20);
  ++failures_;
  if (doublings < 0) {
    return onBackoffOver();
  }
  const nanoseconds pause = std::min(kFirstPause * (std::int64_t{1} << doublings), kLongestPause);
  // 50 % to 150 %, so that the nodes of a cluster do not come back in step.
  const auto jittered =
      pause / 2 +
      nanoseconds(static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(pause.count()))));
  step_ = {ReflectorState::kBackingOff, {}, jittered};
}

void Reflector::onBackoffOver() {
  afterBackoff_ == Next::kList ? list() : watch();
}

void Reflector::progress() {
  failures_ = 0;
  trouble_.clear();
}

std::optional<Update> Reflector::onPage(int status, std::string_view body) {
  if (status != 200) {
    // 410 here: the continue token is too old; begin again.
    backOff(Next::kList, fmt::format("list refused with {}", status));
    return std::nullopt;
  }
  Result<kube::json::value> parsed = kube::parseJson(body);
  object* page = parsed ? parsed->if_object() : nullptr;
  const auto revision = page == nullptr ? std::nullopt : revisionOf(*page);
  const kube::json::value* items = page == nullptr ? nullptr : kube::find(*page, "items");
  if (!revision || items == nullptr || !(items->is_array() || items->is_null())) {
    backOff(Next::kList, "the answer to a list is no list");
    return std::nullopt;
  }
  if (items->is_array()) {
    for (kube::json::value& item : page->at("items").get_array()) {
      if (object* element = item.if_object()) {
        pages_.changes.push_back(
            {ChangeType::kUpsert, std::make_shared<const object>(std::move(*element))});
      }
    }
  }
  continueToken_ = kube::text(*page, {"metadata", "continue"});
  if (!continueToken_.empty()) {
    list();
    return std::nullopt;
  }
  pages_.kind = Update::Kind::kFull;
  pages_.revision = revision_ = *revision;
  progress();
  watch();
  return std::exchange(pages_, {});
}

void Reflector::onPageError(const Error& error) {
  backOff(Next::kList, error.text());
}

std::optional<Update> Reflector::onLine(std::string_view line) {
  Result<kube::json::value> parsed = kube::parseJson(line);
  object* event = parsed ? parsed->if_object() : nullptr;
  if (event == nullptr) {
    backOff(Next::kList, "a line of the watch is no JSON object");
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
    backOff(Next::kList,
            fmt::format("a line of the watch is no event: type '{}'", type.substr(0, 40)));
    return std::nullopt;
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

void Reflector::onErrorEvent(const object& status) {
  // 410 Expired: the history no longer reaches back to our revision. Whatever else the server
  // complains of, a list settles it too.
  backOff(Next::kList, fmt::format("watch error {}: {}", kube::integer(status, {"code"}),
                                   kube::text(status, {"message"}).substr(0, 200)));
}

void Reflector::onWatchEnd(int status) {
  if (status == 200) {
    if (clock_.mono() - watchStart_ >= kGoodWatch) {
      progress();
    }
    return backOff(Next::kWatch, "the watch ended");
  }
  // Busy servers keep our position; the other refusals (410, 504 "too large resource version" after
  // a server lost its data, 403, 404) do not.
  const bool busy = status == 429 || status == 500 || status == 503;
  backOff(busy ? Next::kWatch : Next::kList, fmt::format("watch refused with {}", status));
}

void Reflector::onWatchError(const Error& error) {
  backOff(Next::kWatch, error.text());
}

}  // namespace hitless::watch
