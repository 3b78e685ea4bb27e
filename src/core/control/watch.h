#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/clock.h"
#include "core/control/api_request.h"
#include "core/control/store.h"
#include "core/kube/selector.h"
#include "core/kube/table.h"

namespace hitless::control {

/// How objects are rendered for one client.
struct Rendering {
  Shape shape = Shape::kObject;
  kube::IncludeObject include = kube::IncludeObject::kMetadata;
};

/// Which objects of a collection a list or watch wants.
struct Selection {
  const kube::Resource* resource = nullptr;
  std::string ns;
  std::string name;  ///< Empty: all.
  std::vector<kube::Requirement> labels;
  kube::FieldSelector fields;

  bool matches(const kube::json::object& object) const;
};

/// One store event, encoded at most once for each event type however many watchers want it.
class EncodedEvent {
 public:
  explicit EncodedEvent(const StoreEvent& event) : event_(event) {}
  const StoreEvent& event() const { return event_; }
  /// The line of a watch stream that shows the event's object as it is.
  const std::string& line(EventType type);

 private:
  const StoreEvent& event_;
  std::array<std::string, 3> lines_;
};

/// One client's watch: turns store events into the lines of its stream. The shell writes them, and
/// asks for bookmarks and for the end in time.
class Watch {
 public:
  struct Options {
    Selection selection;
    Rendering rendering;
    bool bookmarks = false;
    bool sendInitialEvents = false;  ///< WatchList (KEP-3157): the state, then a marked bookmark.
    bool fromNow = false;            ///< Start with the present state instead of at `revision`.
    std::uint64_t revision = 0;
    seconds timeout{};
  };

  Watch(const Store& store, const Clock& clock, Options options);

  /// What the stream begins with. After an error it is all that there is: ended() is true.
  std::string begin();
  /// The line for an event; empty if it does not concern this watch.
  std::string onEvent(EncodedEvent& encoded);
  /// A bookmark of the store's present revision.
  std::string bookmark() const;

  bool ended() const { return ended_; }
  bool wantsBookmarks() const { return options_.bookmarks; }
  seconds timeout() const { return options_.timeout; }
  const kube::Resource& resource() const { return *options_.selection.resource; }

 private:
  std::string initialState();
  std::string catchUp();
  std::string encode(EventType type, const kube::ObjectPtr& object);
  std::string bookmarkLine(bool endOfInitialEvents) const;
  std::string expiredLine(const std::string& message);

  const Store& store_;
  const Clock& clock_;
  Options options_;
  bool columnsSent_ = false;
  bool ended_ = false;
};

/// An object in the form that the client wants, as JSON text.
std::string render(const Rendering& rendering, const kube::Resource& resource,
                   const kube::ObjectPtr& object, WallTime now, bool withColumns);

}  // namespace hitless::control
