// SPDX-License-Identifier: Apache-2.0
// What many programs in Go do ("works"), and what this one has no business to ("attacks").
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"sync"
	"syscall"
	"time"
)

const data = "/var/lib/app"

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func serves() {
	listener, err := net.Listen("tcp", ":8000")
	check(err)
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path[1:]) })
	http.Handle("/files/", http.StripPrefix("/files/", http.FileServer(http.Dir(data))))
	go http.Serve(listener, nil)

	var all sync.WaitGroup
	for i := 0; i < 100; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			answer, err := http.Get(fmt.Sprintf("http://localhost:8000/%d", i))
			check(err)
			body, err := io.ReadAll(answer.Body)
			check(err)
			answer.Body.Close()
			if string(body) != fmt.Sprint(i) {
				panic(string(body))
			}
		}(i)
	}
	all.Wait()
}

func keepsFiles() {
	check(os.MkdirAll(data+"/a/b", 0o755))
	check(os.WriteFile(data+"/a/b/new.html", []byte("kept"), 0o644))
	check(os.Rename(data+"/a/b/new.html", data+"/kept.html"))
	answer, err := http.Get("http://127.0.0.1:8000/files/kept.html")
	check(err)
	body, err := io.ReadAll(answer.Body)
	check(err)
	if string(body) != "kept" {
		panic(string(body))
	}
	entries, err := os.ReadDir(data)
	check(err)
	if len(entries) != 2 {
		panic(len(entries))
	}
	check(os.RemoveAll(data + "/a"))
}

func works() {
	serves()
	keepsFiles()
	me, err := user.Current()
	check(err)
	if me.Username != "www-data" {
		panic(me.Username)
	}
	output, err := exec.Command("/proc/self/exe", "child").Output()
	check(err)
	if string(output) != "child\n" {
		panic(string(output))
	}
	// Goroutines that block in calls make the runtime start threads, those that never do are stopped by signals.
	var all sync.WaitGroup
	for i := 0; i < 20; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			syscall.Nanosleep(&syscall.Timespec{Nsec: 50e6}, nil)
			for end := time.Now().Add(20 * time.Millisecond); time.Now().Before(end); {
			}
		}()
	}
	all.Wait()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, syscall.SIGTERM)
	check(syscall.Kill(os.Getpid(), syscall.SIGTERM))
	<-interrupted
	fmt.Println("all done")
}

func attacks() {
	if _, err := os.ReadFile("/srv/secret"); err == nil {
		fmt.Print("read ")
	}
	// Nobody listens there.
	if _, err := net.Dial("tcp", "127.0.0.1:9"); errors.Is(err, syscall.ECONNREFUSED) {
		fmt.Print("connected ")
	}
	if err := exec.Command("/usr/bin/id").Run(); err == nil {
		fmt.Print("executed ")
	}
	fmt.Println()
}

func main() {
	switch os.Args[1] {
	case "works":
		works()
	case "attacks":
		attacks()
	case "child":
		fmt.Println("child")
	}
}
