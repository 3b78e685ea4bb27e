#include "core/proxy/http2/server_session.h"

#include <algorithm>
#include <array>

namespace hitless::proxy {
namespace {

using http2::HeadReader;
using http2::Stream;

/// What tells notice()'s PING from anybody else's.
constexpr std::array<std::uint8_t, 8> kNotice = {'l', 'e', 'a', 'v', 'i', 'n', 'g', '.'};

constexpr std::string_view kMalformed = "http2.violation.of.messaging.rule";
constexpr std::string_view kTooLarge = "http2.too_many_headers";

}  // namespace

Http2ServerSession::Http2ServerSession(ServerEvents& events, const Http2Options& options)
    : SessionOn(true, options, events), serverEvents_(events) {
  const std::array<nghttp2_settings_entry, 5> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.maxConcurrentStreams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.streamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options.headerListBytes},
      // RFC 9218: the tree of priorities of RFC 7540 is not kept.
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(),
                          settings.size() - (options.extendedConnect ? 0 : 1));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(options.connectionWindow));
}

void Http2ServerSession::beginBlock(const nghttp2_frame& frame) {
  const auto id = static_cast<StreamId>(frame.hd.stream_id);
  if (frame.headers.cat != NGHTTP2_HCAT_REQUEST) {
    if (streams_.find(id) != nullptr) {
      reading_ = id;
      reader_.begin(HeadReader::Kind::kTrailers, options_.headerListBytes);
    }
    return;
  }
  if (leave_ >= Leave::kAnswered) {
    // The final GOAWAY does not count it among what is processed.
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, frame.hd.stream_id,
                              NGHTTP2_REFUSED_STREAM);
    return;
  }
  streams_.add(id);
  reading_ = id;
  reader_.begin(HeadReader::Kind::kRequest, options_.headerListBytes);
}

void Http2ServerSession::completeBlock(Stream& stream, bool end) {
  if (!stream.announced) {
    completeRequest(stream, end);
  } else if (!stream.given) {
    completeTrailers(stream);
  }
}

void Http2ServerSession::completeRequest(Stream& stream, bool end) {
  const StreamId id = stream.id;
  if (reader_.size() != HeadReader::Size::kFits) {
    ResponseHead head;
    head.status = 431;
    head.contentLength = 0;
    respond(id, head, true);
    reset(id, StreamError::kNone);
    return serverEvents_.refused(head.status, kTooLarge);
  }
  std::optional<RequestHead> head = reader_.request();
  if (!head) {
    cut(stream, NGHTTP2_PROTOCOL_ERROR);
    return serverEvents_.refused(0, kMalformed);
  }
  stream.announced = true;
  stream.upgrade = head->upgrade;
  stream.tunnel = head->method == "CONNECT" || !head->upgrade.empty();
  serverEvents_.request(id, std::move(*head), end);
}

void Http2ServerSession::completeTrailers(Stream& stream) {
  const StreamId id = stream.id;
  if (reader_.size() != HeadReader::Size::kFits) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, static_cast<std::int32_t>(id),
                              NGHTTP2_ENHANCE_YOUR_CALM);
    return endStream(id, StreamError::kProtocol);
  }
  Fields trailers = reader_.trailers();
  if (trailers.empty()) {
    return events_.data(id, {}, true);
  }
  events_.trailers(id, std::move(trailers));
}

void Http2ServerSession::respond(StreamId id, const ResponseHead& head, bool end) {
  Stream* stream = streams_.find(id);
  if (stream == nullptr || stream->headDone) {
    return;
  }
  const auto number = static_cast<std::int32_t>(id);
  const bool accepts = head.status == 101 && !stream->upgrade.empty();
  if (head.status == 101 && !accepts) {
    return cut(*stream, NGHTTP2_INTERNAL_ERROR);  // RFC 9113 8.6
  }
  block_.response(head, accepts);
  if (head.status < 200 && !accepts) {
    nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, number, nullptr, block_.data(),
                           block_.size(), nullptr);
    return;
  }
  stream->headDone = true;
  if (end) {
    stream->sendEnded = true;
    nghttp2_submit_response(session_, number, block_.data(), block_.size(), nullptr);
    return;
  }
  const nghttp2_data_provider provider = body();
  nghttp2_submit_response(session_, number, block_.data(), block_.size(), &provider);
}

void Http2ServerSession::notice() {
  if (leave_ != Leave::kNotYet || ended()) {
    return;
  }
  leave_ = Leave::kAnnounced;
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, kNotice.data());
}

void Http2ServerSession::received(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_RST_STREAM) {
    if (Stream* stream = streams_.find(static_cast<StreamId>(frame.hd.stream_id))) {
      stream->resetByPeer = true;
    }
    return;
  }
  const bool answer = frame.hd.type == NGHTTP2_PING && (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
  if (answer && leave_ == Leave::kAnnounced &&
      std::equal(kNotice.begin(), kNotice.end(), frame.ping.opaque_data)) {
    leave_ = Leave::kAnswered;
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                          nullptr, 0);
  }
}

void Http2ServerSession::sent(const nghttp2_frame& frame) {
  if (frame.hd.type != NGHTTP2_GOAWAY) {
    return;
  }
  if (frame.goaway.error_code != NGHTTP2_NO_ERROR) {
    terminate(frame.goaway.error_code, "http2.protocol_error");
  } else if (leave_ == Leave::kAnswered) {
    leave_ = Leave::kSaid;
  }
}

/// An attacker has us forward what it gives up at once, and so gets around the limit of streams.
void Http2ServerSession::ending(const Stream& stream) {
  if (!stream.resetByPeer) {
    unanswered_ -= unanswered_ > 0 ? 1 : 0;
    return;
  }
  if (stream.headDone || !stream.announced) {
    return;
  }
  ++unanswered_;
  if (unanswered_ == options_.maxUnansweredResets) {
    notice();
  } else if (unanswered_ >= 2 * options_.maxUnansweredResets) {
    terminate(NGHTTP2_ENHANCE_YOUR_CALM, "http2.rapid_reset");
  }
}

void Http2ServerSession::tellEnd(StreamId id, bool announced, StreamError error) {
  announced ? events_.reset(id, error) : serverEvents_.refused(0, kMalformed);
}

void Http2ServerSession::tellBroken(std::string_view details) {
  serverEvents_.refused(0, details);
}

}  // namespace hitless::proxy
