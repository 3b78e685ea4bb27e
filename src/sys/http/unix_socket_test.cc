#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "sys/http/client.h"
#include "sys/http/server.h"
#include "sys/http/unix_address.h"
#include "testing/result.h"
#include "testing/temp_folder.h"

namespace hitless::sys {
namespace {

class UnixSocket : public ::testing::Test {
 protected:
  /// What a server at `path` answers to a request with this body.
  Result<HttpResponse> ask(const std::string& path, const std::string& body) {
    boost::asio::io_context io;
    auto fd = listenUnix(path);
    if (!fd) {
      return tl::unexpected(fd.error());
    }
    const auto server = HttpServer::start(
        io, *fd, {}, [](const HttpRequest& request, const std::shared_ptr<HttpResponder>& to) {
          to->send(200, "text/plain", request.peer + " said " + request.body);
        });
    return call(io, path, body);
  }
  static Result<HttpResponse> call(boost::asio::io_context& io, const std::string& path,
                                   const std::string& body = {}) {
    PlainRequest request;
    request.method = "POST";
    request.unixSocket = path;
    request.target = "/x";
    request.body = body;
    request.timeout = seconds(10);
    std::optional<Result<HttpResponse>> answer;
    sendPlain(io, request, [&](Result<HttpResponse> given) {
      answer = std::move(given);
      io.stop();
    });
    io.run();
    return std::move(*answer);
  }

  testing::TempFolder folder_;
};

TEST_F(UnixSocket, CarriesARequestAndItsAnswer) {
  const std::string path = folder_.path() / "made/on/the/way/agent.sock";
  const auto answer = ask(path, "hello");
  ASSERT_OK(answer);
  EXPECT_EQ(answer->body, "unix said hello");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(UnixSocket, HasAPathOfAnyLength) {
  const std::string path = folder_.path() / std::string(120, 'd') / "agent.sock";
  const auto answer = ask(path, "hello");
  ASSERT_OK(answer);
  EXPECT_EQ(answer->body, "unix said hello");
  const auto name = listenUnix(folder_.path() / std::string(120, 'f'));
  ASSERT_FALSE(name);
  EXPECT_NE(name.error().text().find("too long"), std::string::npos) << name.error().text();
}

TEST_F(UnixSocket, TakesTheFileOfAServerThatIsNoMore) {
  const std::string path = folder_.path() / "agent.sock";
  ASSERT_OK(ask(path, "first"));
  const auto second = ask(path, "second");
  ASSERT_OK(second);
  EXPECT_EQ(second->body, "unix said second");
}

TEST_F(UnixSocket, LeavesALivingServerAlone) {
  const std::string path = folder_.path() / "agent.sock";
  const auto first = listenUnix(path);
  ASSERT_OK(first);
  const Fd held(*first);
  const auto second = listenUnix(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
  EXPECT_NE(second.error().text().find("another process listens on " + path), std::string::npos);
}

TEST_F(UnixSocket, LeavesOtherFilesAlone) {
  const std::string path = folder_.write("notes", "mine");
  const auto refused = listenUnix(path);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(UnixSocket, SaysWhereNobodyListens) {
  const std::string path = folder_.path() / "agent.sock";
  boost::asio::io_context io;
  const auto answer = call(io, path);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(answer.error().subject, path);
}

}  // namespace
}  // namespace hitless::sys
