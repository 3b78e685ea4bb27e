#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/proxy/http2/send_queue.h"
#include "core/proxy/session.h"

namespace hitless::proxy::http2 {

/// What is kept of a stream from its first HEADERS until both sides have ended it or one has reset
/// it.
struct Stream {
  StreamId id = 0;
  SendQueue queue;             ///< Of send(), not framed yet.
  Fields trailers;             ///< To be sent after the queue.
  std::size_t unconsumed = 0;  ///< Received bytes that neither window has back.
  std::string upgrade;         ///< The protocol of an extended CONNECT.
  bool tunnel = false;         ///< CONNECT: either side may end before the other.
  bool announced = false;      ///< An event has named it, or open() has.
  bool headDone = false;      ///< Server: the response is submitted. Client: the response has come.
  bool headSent = false;      ///< Client: the request's HEADERS have been framed.
  bool sendEnded = false;     ///< The last of send() is known.
  bool endSent = false;       ///< END_STREAM has been framed.
  bool receiveEnded = false;  ///< END_STREAM has come.
  bool deferred = false;      ///< nghttp2 waits for more of the queue.
  bool aboveHighWater = false;  ///< drained() is due when the queue is low.
  bool resetByPeer = false;
  bool given = false;  ///< Given up by reset(kNone) while its response was still under way.
};

/// The streams of a connection, by identifier. Identifiers only grow, so adding is appending.
class StreamTable {
 public:
  Stream* find(StreamId id) {
    const auto at = place(id);
    return at != streams_.end() && (*at)->id == id ? at->get() : nullptr;
  }
  const Stream* find(StreamId id) const { return const_cast<StreamTable*>(this)->find(id); }
  /// `id` is above all that were added before.
  Stream& add(StreamId id) {
    streams_.push_back(std::make_unique<Stream>());
    streams_.back()->id = id;
    return *streams_.back();
  }
  void remove(StreamId id) {
    if (const auto at = place(id); at != streams_.end() && (*at)->id == id) {
      streams_.erase(at);
    }
  }
  std::size_t size() const { return streams_.size(); }
  bool empty() const { return streams_.empty(); }
  std::vector<StreamId> above(StreamId last) const {
    std::vector<StreamId> ids;
    for (const auto& stream : streams_) {
      if (stream->id > last) {
        ids.push_back(stream->id);
      }
    }
    return ids;
  }

 private:
  using Streams = std::vector<std::unique_ptr<Stream>>;
  Streams::iterator place(StreamId id) {
    return std::lower_bound(
        streams_.begin(), streams_.end(), id,
        [](const auto& stream, StreamId wanted) { return stream->id < wanted; });
  }
  Streams streams_;
};

}  // namespace hitless::proxy::http2
