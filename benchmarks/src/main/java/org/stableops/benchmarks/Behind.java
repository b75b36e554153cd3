package org.stableops.benchmarks;
import ai.djl.ndarray.*; import ai.djl.ndarray.types.*; import java.util.*; import java.util.function.*;
class Behind {
  static UnaryOperator<NDArray> th(String n, UnaryOperator<NDArray> f){ return x->{ System.setProperty("stableops.threads", n); return f.apply(x); }; }
  public static void main(String[] a) {
    int lo=Integer.parseInt(a[0]), hi=Integer.parseInt(a[1]); double sec=Double.parseDouble(a[2]);
    for (int e=lo;e<=hi;e++) {
      int n=1<<e; float[] v=new float[n]; SplittableRandom r=new SplittableRandom(1); for(int i=0;i<n;i++) v[i]=(float)r.nextDouble(-4,4); float[] p=new float[n]; for(int i=0;i<n;i++) p[i]=(float)r.nextDouble(0.01,4);
      Map<String,Supplier<Loop>> m=new LinkedHashMap<>(); Shape s=new Shape(n);
      m.put("libtorch", ()->new DjlBehindProduct(v,s,ai.djl.nn.Activation::softPlus));
      for (String t: new String[]{"2","1"}) {
      m.put("squareplus"+t, ()->new DjlBehindProduct(v,s,th(t,org.stableops.djl.Squareplus::value)));
      m.put("softplus"+t, ()->new DjlBehindProduct(v,s,th(t,org.stableops.djl.Softplus::value)));
      m.put("inverse"+t, ()->new DjlBehindProduct(p,s,th(t,org.stableops.djl.SoftplusInverse::value)));
      }
      try (Race race=new Race("2^"+e,m)) { race.warmUp(e==lo?sec*3:sec); Map<String,Laps> l=race.measure(sec); double h=l.get("libtorch").whole();
       StringBuilder b=new StringBuilder("2^"+e+String.format("  libtorch %.1f |",h/1e3)); l.forEach((k,x)->{ if(!k.equals("libtorch")) b.append(String.format(" %s %.1f (%.2f)",k,x.whole()/1e3,h/x.whole())); }); System.out.println(b); }
    } System.exit(0);
  }
}
