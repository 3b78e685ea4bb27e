#include "testapp/http2_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace hitless::testapp {
namespace {

/// The other side of a connection, by the same library.
class Http2Client {
 public:
  Http2Client() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Http2Client() { nghttp2_session_del(session_); }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  /// `message`: of a gRPC request.
  std::int32_t ask(const std::string& path, const std::string& type = "text/plain",
                   const std::string& message = {}) {
    const auto header = [](std::string_view name, std::string_view value) {
      const auto bytes = [](std::string_view text) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
      };
      return nghttp2_nv{bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
    };
    const std::array<nghttp2_nv, 5> fields = {header(":method", "GET"), header(":scheme", "http"),
                                              header(":authority", "web"), header(":path", path),
                                              header("content-type", type)};
    if (message.empty()) {
      return nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), nullptr,
                                    nullptr);
    }
    message_ = std::string("\0\0\0\0", 4) + static_cast<char>(message.size()) + message;
    const nghttp2_data_provider provider{{}, giveMessage};
    return nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &provider,
                                  nullptr);
  }
  std::string bytes() {
    std::string out;
    const std::uint8_t* piece = nullptr;
    for (ssize_t count = 0; (count = nghttp2_session_mem_send(session_, &piece)) > 0;) {
      out.append(reinterpret_cast<const char*>(piece), static_cast<std::size_t>(count));
    }
    return out;
  }
  void take(std::string_view bytes) {
    nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                             bytes.size());
  }

  std::map<std::int32_t, std::map<std::string, std::string>> headers;
  std::map<std::int32_t, std::string> bodies;
  std::vector<std::int32_t> goaways;  ///< Their last stream identifiers.

 private:
  static int onHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t nameSize, const std::uint8_t* value, std::size_t valueSize,
                      std::uint8_t, void* user) {
    static_cast<Http2Client*>(user)->headers[frame->hd.stream_id].insert_or_assign(
        std::string(reinterpret_cast<const char*>(name), nameSize),
        std::string(reinterpret_cast<const char*>(value), valueSize));
    return 0;
  }
  static int onData(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                    std::size_t size, void* user) {
    static_cast<Http2Client*>(user)->bodies[id].append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static int onFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      static_cast<Http2Client*>(user)->goaways.push_back(frame->goaway.last_stream_id);
    }
    return 0;
  }

  static ssize_t giveMessage(nghttp2_session*, std::int32_t, std::uint8_t* buffer, std::size_t,
                             std::uint32_t* flags, nghttp2_data_source*, void* user) {
    const std::string& message = static_cast<Http2Client*>(user)->message_;
    std::copy(message.begin(), message.end(), buffer);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(message.size());
  }

  nghttp2_session* session_ = nullptr;
  std::string message_;
};

class Http2SessionTest : public ::testing::Test {
 protected:
  /// Everything that the client has to say reaches the server.
  std::vector<Delay> toServer(bool leaving = false) {
    EXPECT_TRUE(server_.receive(client_.bytes()));
    return work(leaving);
  }
  std::vector<Delay> work(bool leaving = false) {
    std::vector<Delay> delays;
    while (const auto delay = server_.advance(leaving)) {
      delays.push_back(*delay);
    }
    return delays;
  }
  void toClient() {
    while (!server_.pending().empty()) {
      const std::string bytes(server_.pending());
      server_.wrote(bytes.size());
      client_.take(bytes);
    }
  }

  const std::string podName_ = "web-0";
  Counts counts_;
  Http2Session server_{podName_, counts_};
  Http2Client client_;
};

TEST_F(Http2SessionTest, KnowsThePreface) {
  EXPECT_TRUE(isHttp2Preface(client_.bytes()));
  EXPECT_FALSE(isHttp2Preface("GET / HTTP/1.1\r\n\r\n"));
}

TEST_F(Http2SessionTest, AnswersHttp) {
  const std::int32_t name = client_.ask("/");
  const std::int32_t bytes = client_.ask("/bytes/200000");
  const std::int32_t absent = client_.ask("/nowhere");
  toServer();
  toClient();
  toServer();  // Flow control: the client's window is smaller than the answer.
  toClient();
  EXPECT_EQ(client_.bodies[name], "web-0\n");
  EXPECT_EQ(client_.headers[name][":status"], "200");
  EXPECT_EQ(client_.headers[absent][":status"], "404");
  for (int round = 0; client_.bodies[bytes].size() < 200000 && round < 10; ++round) {
    toServer();
    toClient();
  }
  EXPECT_EQ(client_.bodies[bytes], std::string(200000, 'x'));
  EXPECT_EQ(counts_.answered, 3U);
  EXPECT_EQ(server_.inFlight(), 0U);
}

TEST_F(Http2SessionTest, AnswersGrpcWithTrailers) {
  const std::int32_t name = client_.ask("/hitless.Test/WhoAmI", "application/grpc");
  const std::int32_t health = client_.ask("/grpc.health.v1.Health/Check", "application/grpc");
  const std::int32_t unknown = client_.ask("/hitless.Test/Nothing", "application/grpc");
  toServer();
  toClient();
  EXPECT_EQ(client_.bodies[name], std::string("\0\0\0\0\5web-0", 10));
  EXPECT_EQ(client_.headers[name]["grpc-status"], "0");
  EXPECT_EQ(client_.bodies[health], std::string("\0\0\0\0\2\x08\x01", 7));
  EXPECT_EQ(client_.headers[unknown]["grpc-status"], "12");
  const std::int32_t bad = client_.ask("/hitless.Test/Delay", "application/grpc", "soon");
  toServer();
  toClient();
  EXPECT_EQ(client_.headers[bad]["grpc-status"], "3");
}

TEST_F(Http2SessionTest, DelaysEachRequestForItself) {
  const std::int32_t late = client_.ask("/delay/2");
  const std::int32_t soon = client_.ask("/hitless.Test/Delay", "application/grpc", "1");
  const std::vector<Delay> delays = toServer();
  ASSERT_EQ(delays.size(), 2U);
  EXPECT_EQ(delays[0].seconds, 2);
  EXPECT_EQ(delays[1].request, soon);
  server_.wake(soon, false);
  work();
  toClient();
  EXPECT_EQ(client_.headers[soon]["grpc-status"], "0");
  EXPECT_TRUE(client_.bodies[late].empty());
  EXPECT_EQ(server_.inFlight(), 1U);
}

TEST_F(Http2SessionTest, ServesWhatIsBegunBeforeTheClientKnowsThatItLeaves) {
  toServer();
  toClient();
  work(true);  // SIGTERM
  const std::int32_t ignorant = client_.ask("/");
  toServer(true);
  EXPECT_FALSE(server_.finished());
  toClient();
  EXPECT_EQ(client_.goaways, (std::vector<std::int32_t>{0x7fffffff}));
  EXPECT_EQ(client_.bodies[ignorant], "web-0\n");
  toServer(true);  // The answer to the PING.
  toClient();
  EXPECT_TRUE(server_.finished());
}

TEST_F(Http2SessionTest, IsNotFinishedWhileARequestIsInFlight) {
  const std::int32_t late = client_.ask("/delay/2");
  toServer();
  work(true);
  toClient();
  toServer(true);
  toClient();
  EXPECT_EQ(client_.goaways, (std::vector<std::int32_t>{0x7fffffff, late}));
  EXPECT_FALSE(server_.finished());
  server_.wake(late, true);
  work(true);
  toClient();
  EXPECT_EQ(client_.bodies[late], "web-0\n");
  EXPECT_TRUE(server_.finished());
}

TEST_F(Http2SessionTest, CutsWhatIsNotHttp2) {
  EXPECT_FALSE(server_.receive("PRI * HTTP/2.0\r\n\r\nnonsense that no client sends") &&
               !server_.finished());
}

}  // namespace
}  // namespace hitless::testapp
