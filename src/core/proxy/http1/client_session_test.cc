#include "core/proxy/http1/client_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/proxy/http1/session_fixture.h"

namespace hitless::proxy::http1 {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

RequestHead requestFor(const std::string& method) {
  RequestHead head;
  head.method = method;
  head.authority = "web:80";
  head.path = "/a";
  return head;
}

struct Client {
  ClientNotes notes;
  ClientSession session{{}, notes};
  StreamId stream = 0;

  void open(const std::string& method = "GET", bool end = true) {
    stream = session.open(requestFor(method), end);
  }
};

TEST(Http1Client, AsksAndUnderstands) {
  Client client;
  client.open();
  EXPECT_EQ(client.session.opens(), 0U);
  EXPECT_EQ(written(client.session), "GET /a HTTP/1.1\r\nhost: web:80\r\n\r\n");
  client.session.receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello");
  EXPECT_THAT(client.notes.notes, ElementsAre("response 200", "end of 5"));
  EXPECT_EQ(client.notes.heads.front().fields, (Fields{{"x", "y"}}));
  EXPECT_EQ(client.notes.opened, 1);
  EXPECT_EQ(client.session.opens(), 1U);
}

TEST(Http1Client, BodiesOfRequests) {
  Client chunked;
  chunked.open("POST", false);
  chunked.session.send(1, "hello", false);
  chunked.session.sendTrailers(1, {{"x", "1"}});
  EXPECT_EQ(written(chunked.session),
            "POST /a HTTP/1.1\r\nhost: web:80\r\ntransfer-encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n0\r\nx: 1\r\n\r\n");
  Client counted;
  RequestHead head = requestFor("PUT");
  head.contentLength = 2;
  counted.session.open(head, false);
  counted.session.send(1, "hi", true);
  EXPECT_THAT(written(counted.session), EndsWith("content-length: 2\r\n\r\nhi"));
  Client empty;
  empty.open("POST");
  EXPECT_THAT(written(empty.session), EndsWith("content-length: 0\r\n\r\n"));
}

TEST(Http1Client, FramingsOfResponses) {
  struct Row {
    const char* method;
    const char* bytes;
    std::vector<std::string> notes;
    bool reusable;
  };
  const Row kRows[] = {
      {"GET", "HTTP/1.1 204 No Content\r\n\r\n", {"response 204 end"}, true},
      {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", {"response 304 end"}, true},
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", {"response 200 end"}, true},
      {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", {"response 200 end"}, true},
      {"GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", {"response 200 end"}, true},
      {"GET",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
       {"response 200", "end of 2"},
       true},
      {"GET",
       "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
       {"interim 103", "response 200 end"},
       true},
      {"GET",
       "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
       {"response 200 end"},
       false},
      {"GET", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", {"response 200 end"}, false},
      {"GET",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
       {"response 200 end"},
       true},
      // Broken ones.
      {"GET", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", {"broken"}, false},
      {"GET",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       {"broken"},
       false},
      {"GET",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       {"broken"},
       false},
      {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", {"broken"}, false},
      {"GET", "HTTP/1.1 200 OK\r\nX : y\r\n\r\n", {"broken"}, false},
      {"GET", "HTTP/1.1 99 OK\r\n\r\n", {"broken"}, false},
      {"GET", "HTTP/2 200 OK\r\n\r\n", {"broken"}, false},
      {"GET", "SSH-2.0-OpenSSH\r\n", {"broken"}, false},
      {"GET", "HTTP/1.1 200 OK\n\n", {"broken"}, false},
  };
  for (const Row& row : kRows) {
    Client client;
    client.open(row.method);
    written(client.session);
    client.session.receive(row.bytes);
    client.session.receive("");
    std::vector<std::string> seen = client.notes.notes;
    if (seen.empty()) {  // a head that never ends
      client.session.receiveEnd();
      seen = {"broken"};
    }
    EXPECT_EQ(seen, row.notes) << row.bytes;
    EXPECT_EQ(client.session.opens() == 1, row.reusable) << row.bytes;
  }
}

TEST(Http1Client, UntilTheConnectionEnds) {
  Client client;
  client.open();
  client.session.receive("HTTP/1.1 200 OK\r\n\r\nhel");
  client.session.receive("lo");
  EXPECT_TRUE(client.session.leaving());
  client.session.receiveEnd();
  EXPECT_THAT(client.notes.notes, ElementsAre("response 200", "end of 5"));
}

TEST(Http1Client, ATruncatedResponseIsAReset) {
  for (const char* bytes :
       {"", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    Client client;
    client.open();
    client.session.receive(bytes);
    client.session.receiveEnd();
    EXPECT_EQ(client.notes.notes.back(), "reset") << bytes;
    EXPECT_TRUE(client.session.finished());
  }
}

TEST(Http1Client, WhatNobodyAskedForEndsTheConnection) {
  Client client;
  client.session.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(client.session.finished());
  EXPECT_EQ(client.session.opens(), 0U);
  Client twice;
  twice.open();
  twice.session.receive(
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(twice.notes.notes, ElementsAre("response 200 end"));
  EXPECT_EQ(twice.session.opens(), 0U);
}

TEST(Http1Client, AnAnswerBeforeTheRequestsEndMakesItUseless) {
  Client client;
  client.open("POST", false);
  client.session.receive("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(client.notes.notes, ElementsAre("response 413 end"));
  EXPECT_EQ(client.session.opens(), 0U);
  EXPECT_TRUE(client.session.finished());
}

TEST(Http1Client, AnUpgradeThatIsAccepted) {
  Client client;
  RequestHead head = requestFor("GET");
  head.upgrade = "websocket";
  const StreamId stream = client.session.open(head, false);
  EXPECT_THAT(written(client.session),
              EndsWith("connection: upgrade\r\nupgrade: websocket\r\n\r\n"));
  client.session.receive("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nraw");
  EXPECT_EQ(client.notes.heads.front().upgrade, "websocket");
  EXPECT_EQ(client.notes.body, "raw");
  client.session.send(stream, "back", false);
  EXPECT_EQ(written(client.session), "back");
}

TEST(Http1Client, HoldsBackWhatNobodyConsumesAndLosesNothing) {
  Client client;
  client.open();
  std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 150000\r\n\r\n";
  client.session.receive(response + std::string(100'000, 'x'));
  EXPECT_FALSE(client.session.reads());
  client.session.consumed(1, 100'000);
  EXPECT_TRUE(client.session.reads());
  client.session.receive(std::string(50'000, 'x'));
  EXPECT_EQ(client.notes.notes.back(), "end of 150000");
}

/// An upstream that does not know the protocol would read the bytes as its next request.
TEST(Http1Client, NothingOfAProtocolIsSentBeforeTheUpstreamAcceptsIt) {
  Client client;
  RequestHead head = requestFor("GET");
  head.upgrade = "websocket";
  const StreamId stream = client.session.open(head, false);
  client.session.send(stream, "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n", true);
  EXPECT_THAT(written(client.session), EndsWith("upgrade: websocket\r\n\r\n"));
  client.session.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(written(client.session), "");
  EXPECT_TRUE(client.session.finished());
}

TEST(Http1Client, WhatWaitedForAnUpgradeIsSentWhenItIsAccepted) {
  Client client;
  RequestHead head = requestFor("GET");
  head.upgrade = "websocket";
  const StreamId stream = client.session.open(head, false);
  client.session.send(stream, "early", false);
  EXPECT_GE(client.session.queued(stream), 5U);
  written(client.session);
  client.session.receive("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(written(client.session), "early");
}

/// Otherwise they would be taken for the answer to the request that is opened next.
TEST(Http1Client, BytesBehindAResponseEndTheConnectionBeforeItIsUsedAgain) {
  Client client;
  client.open();
  client.session.receive(
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(client.notes.notes, ElementsAre("response 200 end"));
  EXPECT_EQ(client.notes.opened, 1);
  EXPECT_EQ(client.session.opens(), 0U);
}

}  // namespace
}  // namespace hitless::proxy::http1
