#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "core/proxy/http1/client_session.h"
#include "core/proxy/http1/server_session.h"
#include "core/proxy/http1/session_fixture.h"

/// Conversations of which bytes are changed, lost and repeated, cut anywhere, with handlers that
/// answer at any time. Nothing may crash, and sessions keep what they promise.
namespace hitless::proxy::http1 {
namespace {

const std::vector<std::string> kRequests = {
    "GET /a?b HTTP/1.1\r\nHost: web:80\r\nX-A: b, c\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n"
    "5;x=y\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nX-T: 1\r\n\r\n",
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, X-Hop\r\nUpgrade: "
    "websocket\r\n\r\n\x01\x02",
    "HEAD http://b/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n",
    "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
};

const std::vector<std::string> kResponses = {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
    "HTTP/1.0 200\r\n\r\nuntil the end",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nraw",
};

std::string mutated(const std::vector<std::string>& seeds) {
  std::string text;
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
    text += *rc::gen::elementOf(seeds);
  }
  for (int i = *rc::gen::inRange(0, 6); i > 0 && !text.empty(); --i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        text[at] = *rc::gen::arbitrary<char>();
        break;
      case 1:
        text.erase(at, *rc::gen::inRange<std::size_t>(1, 6));
        break;
      case 2:
        text.insert(at, text.substr(at, *rc::gen::inRange<std::size_t>(1, 30)));
        break;
      default:
        text.insert(at, *rc::gen::element<std::string>("\r\n", "\n", "\r", ":", " ", "0", ","));
    }
  }
  return text;
}

/// Gives the text in pieces, and does something between them.
template <class Do>
void inPieces(Session& session, std::string_view text, Do between) {
  while (!text.empty()) {
    const auto size = *rc::gen::inRange<std::size_t>(1, text.size() + 1);
    session.receive(text.substr(0, size));
    text.remove_prefix(size);
    between();
  }
  session.receiveEnd();
  between();
}

RC_GTEST_PROP(Http1Fuzz, AServerSurvivesAnyClient, ()) {
  ServerNotes notes;
  ServerSession session({{512, 8}, "http"}, notes);
  inPieces(session, mutated(kRequests), [&] {
    ResponseHead head;
    head.status = *rc::gen::element(100, 101, 200, 204, 304, 503);
    head.upgrade = "websocket";
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
        session.respond(notes.last, head, false);
        break;
      case 1:
        head.status = 200;
        session.respond(notes.last, head, true);
        break;
      case 2:
        session.send(notes.last, "abc", *rc::gen::arbitrary<bool>());
        break;
      case 3:
        session.sendTrailers(notes.last, {{"x", "y"}});
        break;
      case 4:
        session.reset(notes.last, StreamError::kCancel);
        break;
      default:
        session.notice();
    }
    session.consumed(notes.last, 10);
    RC_ASSERT(session.active() <= 1U);
    if (*rc::gen::arbitrary<bool>()) {
      written(session);
    }
    RC_ASSERT(!session.finished() || !session.reads());
  });
  for (const RequestHead& head : notes.heads) {
    RC_ASSERT(head.path.find_first_of(" \r\n") == std::string::npos);
    for (std::size_t i = 0; i < head.fields.size(); ++i) {
      RC_ASSERT(head.fields[i].value.find_first_of(std::string_view("\r\n\0", 3)) ==
                std::string_view::npos);
    }
  }
}

RC_GTEST_PROP(Http1Fuzz, AClientSurvivesAnyServer, ()) {
  ClientNotes notes;
  ClientSession session({512, 8}, notes);
  StreamId stream = 0;
  const auto open = [&] {
    if (session.opens() > 0) {
      RequestHead head;
      head.method = *rc::gen::element<std::string>("GET", "HEAD", "POST");
      head.authority = "a";
      head.path = "/";
      head.upgrade = *rc::gen::arbitrary<bool>() ? "websocket" : "";
      stream = session.open(head, head.upgrade.empty() && *rc::gen::arbitrary<bool>());
    }
  };
  open();
  inPieces(session, mutated(kResponses), [&] {
    session.send(stream, "abc", *rc::gen::arbitrary<bool>());
    session.consumed(stream, 10);
    written(session);
    RC_ASSERT(session.active() <= 1U);
    RC_ASSERT(session.opens() == 0U || !session.leaving());
    open();
  });
}

}  // namespace
}  // namespace hitless::proxy::http1
